"""What a stage makes of its topic's past is what it made of it live, byte for byte."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from schemas.codec import decode
from tests.chaos.exchange import INSTRUMENTS, Exchange, WorkerProcess, await_condition, read_all
from tests.simulation.workload import HOSTILE
from tradeflow import cli
from tradeflow.errors import TradeflowError
from tradeflow.reprocessing.log_range import Bound, parse_bound

pytestmark = pytest.mark.slow
_COMMANDS = 500
_MATCHED = ("orders.executions", "trades", "orderbook.updates", "wallet.commands")


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """A log that matching and marketdata have answered live."""
    made = Exchange(tmp_path_factory.mktemp("past"), HOSTILE, seed=3)
    marketdata = None
    try:
        made.start_worker().await_said("ready with")
        settings = {
            "BROKER": made.broker.bootstrap,
            "TRADEFLOW_STATE_DIR": str(made.folder / "workers"),
            "TRADEFLOW_INSTRUMENTS": str(INSTRUMENTS),
            "TRADEFLOW_ROUND_MAX_RECORDS": "100",
        }
        log = made.folder / "marketdata.log"
        marketdata = WorkerProcess(0, settings, log, stage="marketdata")
        made.feed(_COMMANDS)
        made.verify()
        traded = sum(len(trades) for trades in made.expected["trades"].values())
        await_condition(lambda: counted(made) == traded, "all trades to be counted")
        yield made
    finally:
        if marketdata is not None and not marketdata.has_exited():
            marketdata.kill()
        made.close()


def counted(exchange: Exchange) -> int:
    """How many trades are in rows of marketdata's table."""
    rows: dict[bytes, Any] = {}
    if "marketdata-market-changelog" not in topics(exchange):
        return 0
    for message in read_all(exchange.broker.bootstrap, "marketdata-market-changelog"):
        rows[message.key()] = message.value()
    found = [decode(value) for value in rows.values() if value is not None]
    seen = [each for name, row in found if name == "MarketSymbolRow" for each in row["seen"]]
    return sum(each["last"] - each["first"] + 1 for each in seen)


def topics(exchange: Exchange) -> set[str]:
    return set(exchange._observer.list_topics(timeout=10).topics)


def run(exchange: Exchange, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tradeflow", "reprocess", *arguments],
        env={
            **os.environ,
            "BROKER": exchange.broker.bootstrap,
            "TRADEFLOW_INSTRUMENTS": str(INSTRUMENTS),
            "COLUMNS": "160",
        },
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def records(exchange: Exchange, topic: str) -> list[Any]:
    """Everything but when it was written, in the order of causes: partitions mix symbols."""
    found = [
        (m.partition(), m.key() or b"", m.value(), tuple(m.headers() or ()))
        for m in read_all(exchange.broker.bootstrap, topic)
    ]
    return sorted(
        found, key=lambda one: (one[0], *cause(one))
    )  # what has one cause keeps its order


def closed(exchange: Exchange, topic: str) -> dict[bytes, bytes]:
    """The last word on each window."""
    return {
        m.key(): m.value()
        for m in read_all(exchange.broker.bootstrap, topic)
        if decode(m.value())[1]["is_closed"]
    }


def cause(record: Any) -> tuple[bytes, int]:
    """Partition and offset of what it came of."""
    partition, _, offset = dict(record[3])["causation-id"].rpartition(b"/")
    return partition, int(offset)


def test_everything_again(exchange: Exchange) -> None:
    before = topics(exchange)

    result = run(exchange, "--stage", "all", "--suffix", "again", "--json")

    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    for topic in _MATCHED:
        live = records(exchange, topic)
        assert records(exchange, f"{topic}.again") == live
        assert report["written"][f"{topic}.again"] == len(live) > 0
    assert closed(exchange, "candles.again") == closed(exchange, "candles") != {}
    assert report["written"]["tickers.again"] > 0
    assert topics(exchange) - before == set(report["written"])


def test_a_part_of_matching(exchange: Exchange) -> None:
    result = run(exchange, "--stage", "matching", "--suffix", "part", "--from", "40", "--to", "80")

    assert result.returncode == 0, result.stderr
    assert "records on orders.executions.part" in result.stdout
    for topic in _MATCHED:
        live = [r for r in records(exchange, topic) if 40 <= cause(r)[1] < 80]
        assert live
        assert records(exchange, f"{topic}.part") == live


def test_candles_by_time(exchange: Exchange) -> None:
    trades = read_all(exchange.broker.bootstrap, "trades")
    times = sorted(message.timestamp()[1] for message in trades)
    middle = str(times[len(times) // 2])

    late = run(exchange, "--stage", "candles", "--suffix", "late", "--from", middle)
    early = run(exchange, "--stage", "candles", "--suffix", "early", "--to", middle)

    assert (late.returncode, early.returncode) == (0, 0), late.stderr + early.stderr
    first, second = closed(exchange, "candles.early"), closed(exchange, "candles.late")
    assert not first.keys() & second.keys()
    assert first | second == closed(exchange, "candles")


def test_what_is_there_is_only_replaced_on_request(exchange: Exchange) -> None:
    arguments = ("--stage", "candles", "--suffix", "twice", "--json")
    first = run(exchange, *arguments)

    refused = run(exchange, *arguments)
    replaced = run(exchange, *arguments, "--replace")

    assert first.returncode == 0, first.stderr
    assert refused.returncode == 1
    assert "There is a topic candles.twice already." in refused.stderr
    assert replaced.returncode == 0, replaced.stderr
    assert json.loads(replaced.stdout) == json.loads(first.stdout)


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("0", Bound(offset=0)),
        ("123456789012", Bound(offset=123_456_789_012)),
        ("1700000000000", Bound(time_ms=1_700_000_000_000)),
        ("2023-11-14T22:13:20", Bound(time_ms=1_700_000_000_000)),
        ("2023-11-14T23:13:20.5+01:00", Bound(time_ms=1_700_000_000_500)),
    ],
)
def test_bounds(text: str, bound: Bound) -> None:
    assert parse_bound(text) == bound


@pytest.mark.parametrize("text", ["", "yesterday", "-1", "١"])
def test_what_is_no_bound(text: str) -> None:
    with pytest.raises(TradeflowError, match="neither an offset nor a time"):
        parse_bound(text)


@pytest.mark.parametrize("suffix", ["", "a b", "a/b", "ä"])
def test_what_is_no_suffix(suffix: str) -> None:
    result = CliRunner().invoke(
        cli.app, ["reprocess", "--stage", "candles", "--suffix", suffix, "--from", "0"]
    )

    assert isinstance(result.exception, TradeflowError)
    assert "will not do" in str(result.exception)
