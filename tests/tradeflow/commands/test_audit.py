"""`tradeflow audit` over a real trail: what it prints, and what it says when it cannot."""

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from connectors.mongodb.settings import MongodbSettings
from connectors.mongodb.sink import MongodbSink
from tests.connectors.mongodb.made_log import batches, made_log
from tests.connectors.mongodb.reference_trail import reference_trail
from tests.fixtures.mongodb import NODE
from tradeflow.cli import app
from tradeflow.errors import TradeflowError

LOG = made_log(60)
REFERENCE = reference_trail(LOG, NODE)


@pytest.fixture
def trail(mongodb: MongodbSettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TRADEFLOW_MONGODB_URL", mongodb.url)
    monkeypatch.setenv("TRADEFLOW_MONGODB_DATABASE", mongodb.database)
    sink = MongodbSink(mongodb)
    sink.connect()
    for batch in batches(LOG, 500):
        sink.write(batch)
    sink.close()
    yield


def audit(*words: str) -> str:
    result = CliRunner().invoke(app, ["audit", *words], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_all_of_a_user_as_json(trail: None) -> None:
    entries = [
        json.loads(line)
        for line in audit("--user", "ann", "--json", "--limit", "99999").splitlines()
    ]
    wanted = {entry["_id"] for entry in REFERENCE if entry["user"][0] == "ann"}
    assert {entry["_id"] for entry in entries} == wanted
    assert [entry["timestamp"] for entry in entries] == sorted(e["timestamp"] for e in entries)
    assert all(entry["timestamp"].endswith("Z") for entry in entries)


def test_a_table_says_that_there_is_more(trail: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    shown = audit("--user", "ann", "--limit", "3")
    assert shown.count(" ann ") == 3
    assert shown.count("203.0.113.9") + shown.count("198.51.100.7") >= 1
    assert "Older ones are not shown" in shown


def test_what_failed_of_a_symbol(trail: None) -> None:
    failed = [e for e in REFERENCE if e["failed"] and e["payload"].get("symbol")]
    symbol = failed[0]["payload"]["symbol"]
    lines = audit("--failed", "--symbol", symbol.lower(), "--json").splitlines()
    assert {json.loads(line)["_id"] for line in lines} == {
        entry["_id"] for entry in failed if entry["payload"]["symbol"] == symbol
    }


def test_nobody_has_done_anything(trail: None) -> None:
    assert "nothing of that kind" in audit("--user", "nobody")
    assert "nothing of that kind" in audit("--user", "ann", "--from", "1h")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "read the whole trail"),
        (("--symbol", "BTCUSDT"), "read the whole trail"),
        (("--user", "ann", "--from", "yesterday"), "'yesterday' is no moment"),
        (("--user", "ann", "--from", "1h", "--to", "2h"), "--from 1h is not before --to 2h"),
    ],
)
def test_a_question_that_cannot_be_answered_is_one_clear_line(
    words: tuple[str, ...], said: str
) -> None:
    with pytest.raises(TradeflowError, match=said):
        CliRunner().invoke(app, ["audit", *words], catch_exceptions=False)


def test_a_server_that_is_away_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEFLOW_MONGODB_URL", "mongodb://127.0.0.1:9/?directConnection=true")
    monkeypatch.setenv("TRADEFLOW_MONGODB_TIMEOUT_MS", "100")
    with pytest.raises(TradeflowError, match="MongoDB at 127.0.0.1:9 cannot be reached"):
        CliRunner().invoke(app, ["audit", "--user", "ann"], catch_exceptions=False)
