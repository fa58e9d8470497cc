"""Questions to the trail: the answers are a plain loop's, and come from indexes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from connectors.mongodb.actions import LOGIN_FAILED
from connectors.mongodb.settings import MongodbSettings
from connectors.mongodb.sink import MongodbSink
from connectors.mongodb.trail import AuditTrail, Question, opened
from tests.connectors.mongodb.made_log import USERS, batches, made_log
from tests.connectors.mongodb.reference_trail import reference_trail
from tests.fixtures.mongodb import NODE, settings_for

LOG = made_log()
REFERENCE = reference_trail(LOG, NODE)
FIRST = datetime.fromtimestamp(LOG[0].timestamp_ms / 1_000, tz=UTC)
HALF = FIRST + timedelta(milliseconds=(LOG[-1].timestamp_ms - LOG[0].timestamp_ms) // 2)
SYMBOLS = sorted(
    {entry["payload"]["symbol"] for entry in REFERENCE if "symbol" in entry["payload"]}
)


@pytest.fixture(scope="module")
def trail(mongodb_url: str) -> Iterator[AuditTrail]:
    settings = settings_for(mongodb_url)
    sink = MongodbSink(settings)
    sink.connect()
    for batch in batches(LOG, 500):
        sink.write(batch)
    sink.close()
    with opened(settings) as trail:
        yield trail
    with MongoClient[Any](mongodb_url) as client:
        client.drop_database(settings.database)


def answer(question: Question) -> set[str]:
    """By a plain loop."""

    def fits(entry: dict[str, Any]) -> bool:
        time = datetime.fromtimestamp(entry["timestamp"] / 1_000, tz=UTC)
        return (
            question.user in ("", entry["user"][0])
            and question.symbol in ("", entry["payload"].get("symbol", ""))
            and not (question.only_failures and entry["failed"] is None)
            and not (question.begin and time < question.begin)
            and not (question.end and time >= question.end)
        )

    return {entry["_id"] for entry in REFERENCE if fits(entry)}


QUESTIONS = [
    *(Question(user=user) for user in USERS),
    Question(user="ann", begin=HALF),
    Question(user="ann", end=HALF),
    Question(user="ann", begin=FIRST, end=HALF),
    Question(user="ann", only_failures=True),
    Question(user="nobody"),
    *(Question(symbol=symbol, only_failures=True) for symbol in SYMBOLS),
    Question(symbol=SYMBOLS[0], only_failures=True, begin=HALF),
    Question(symbol=SYMBOLS[0], only_failures=True, user="ann"),
]


@pytest.mark.parametrize("question", QUESTIONS, ids=repr)
def test_the_answer_is_a_plain_loops(trail: AuditTrail, question: Question) -> None:
    found = trail.entries(question, limit=100_000)
    assert {entry["_id"] for entry in found} == answer(question)
    times = [entry["timestamp"] for entry in found]
    assert times == sorted(times)
    latest = trail.entries(question, limit=3)
    assert [entry["timestamp"] for entry in latest] == times[-3:]


def test_the_questions_have_answers() -> None:
    counts = [len(answer(question)) for question in QUESTIONS]
    assert counts.count(0) <= 3, counts


def stages(plan: Any) -> set[str]:
    inner = plan.get("inputStage")
    return {plan["stage"]} | (stages(inner) if inner else set())


def used(plan: Any) -> str:
    """The index that a plan reads."""
    name = plan.get("indexName")
    return name if name else used(plan["inputStage"])


@pytest.mark.parametrize("question", QUESTIONS, ids=repr)
def test_the_answer_comes_from_an_index(trail: AuditTrail, question: Question) -> None:
    plan = trail.plan(question)
    assert "IXSCAN" in stages(plan) and "COLLSCAN" not in stages(plan)
    assert used(plan) == ("user_time" if question.user else "failed_symbol_time")


def test_failed_logins_are_those_since_then(trail: AuditTrail) -> None:
    found = list(trail.failed_logins(HALF))
    assert found == sorted(found, key=lambda entry: entry["timestamp"])
    assert {entry["_id"] for entry in found} == {
        entry["_id"]
        for entry in REFERENCE
        if entry["payload"].get("action") == LOGIN_FAILED
        and entry["timestamp"] >= HALF.timestamp() * 1_000
    }


@pytest.mark.parametrize("words", [{}, {"symbol": "BTCUSDT"}, {"only_failures": True}])
def test_what_no_index_answers_cannot_be_asked(words: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="have an index"):
        Question(**words)


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEFLOW_MONGODB_DATABASE", "elsewhere")
    assert MongodbSettings().database == "elsewhere"


def test_a_trail_that_is_not_there_yet_has_no_answers(mongodb: MongodbSettings) -> None:
    with opened(mongodb) as trail:
        assert trail.entries(Question(user="ann"), limit=10) == []
        assert list(trail.failed_logins(HALF)) == []
