"""The audit trail beside the log: what is right passes, and whatever is planted is found."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Int64
from pymongo import MongoClient

from connectors.mongodb.sink import MongodbSink
from tests.connectors.mongodb_store import MongodbStore
from tests.fixtures.exchange_topics import ExchangeTopics
from tests.fixtures.mongodb import settings_for
from tests.tradeflow.checking.stores.filled_stores import fed, feed, first_share, look, told
from tradeflow.checking.stores.mongodb.check import TOPICS

pytestmark = pytest.mark.variant

CHANGES: dict[str, Any] = {
    "timestamp": datetime(2026, 1, 1, tzinfo=UTC),
    "action": "LOGIN_SUCCEEDED_TWICE",
    "actor.user_id": "somebody",
    "actor.ip": "203.0.113.1",
    "resource.id": "nothing",
    "resource.type": "thing",
    "payload.action": "LOGGED_OUT",
    "payload.time_ms": 1.5,
    "payload.more": "a field too many",
    "outcome.reason": "GOOD_PASSWORD",
    "ocsf.class_uid": 6003,
    "ocsf.activity_id": 99,
    "metadata.latency_ms": 7.0,
    "metadata.record": "Trade",
    "metadata.correlation_id": "another-request",
    "more": "a field too many",
}
"""By field: what it is set to; 7.0 is not the log's 7."""


@pytest.fixture(scope="module")
def whole_trail(mongodb_url: str, topics: ExchangeTopics) -> Iterator[MongodbStore]:
    """With all of the log in it."""
    store = MongodbStore(settings_for(mongodb_url))
    fed(store, topics)
    yield store
    store.close()


@pytest.fixture
def logs(whole_trail: MongodbStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The collection, which the settings name; what a test has changed is put back."""
    settings = whole_trail.settings
    monkeypatch.setenv("TRADEFLOW_MONGODB_URL", settings.url)
    monkeypatch.setenv("TRADEFLOW_MONGODB_DATABASE", settings.database)
    with MongoClient[Any](settings.url, tz_aware=True) as client:
        logs = client[settings.database]["audit_logs"]
        before = {each["_id"]: each for each in logs.find()}
        yield logs
        after = {each["_id"]: each for each in logs.find()}
        for key in after.keys() | before.keys():
            # Written out: 5 and 5.0 are equal.
            if repr(after.get(key)) != repr(before.get(key)):
                logs.delete_one({"_id": key})
                if key in before:
                    logs.insert_one(before[key])


def a_login(logs: Any) -> dict[str, Any]:
    return dict(logs.find_one({"action": "LOGIN_FAILED"}))


def test_a_trail_that_is_right_passes(logs: Any, topics: ExchangeTopics) -> None:
    assert set(TOPICS) == set(MongodbSink.topics)

    findings, report = look("mongodb", topics)

    assert told(findings) == []
    assert findings.holds and findings.why_not == ""
    assert report.tables["audit_logs"].rows == logs.count_documents({}) > 1_000
    assert (report.behind, report.lines()) == (0, [])
    actions = Counter(each["action"] for each in logs.find())
    assert len(actions) > 25


@pytest.mark.parametrize("field", CHANGES)
def test_a_changed_field_is_found(logs: Any, topics: ExchangeTopics, field: str) -> None:
    key = a_login(logs)["_id"]
    logs.update_one({"_id": key}, {"$set": {field: CHANGES[field]}})

    findings, report = look("mongodb", topics)

    (line,) = told(findings)
    assert line.startswith(f"mongodb audit_logs {key}: {field} is ")
    assert report.tables["audit_logs"].differences == {"wrong": 1, "missing": 0, "extra": 0}


def test_a_field_that_is_gone_is_found(logs: Any, topics: ExchangeTopics) -> None:
    key = a_login(logs)["_id"]
    logs.update_one({"_id": key}, {"$unset": {"ocsf.class_uid": ""}})

    findings, _ = look("mongodb", topics)

    (line,) = told(findings)
    assert line == f"mongodb audit_logs {key}: ocsf.class_uid is null, the log gives 3002"


@pytest.mark.parametrize("topic", ["audit", "orders.executions", "orders-orders-changelog"])
def test_a_document_that_is_gone_is_found(logs: Any, topics: ExchangeTopics, topic: str) -> None:
    key = logs.find_one({"_id": {"$regex": f"^{topic}/"}})["_id"]
    logs.delete_one({"_id": key})

    findings, report = look("mongodb", topics)

    (line,) = told(findings)
    assert line.startswith(f"mongodb audit_logs {key}: is missing; the log gives ")
    assert report.tables["audit_logs"].differences == {"wrong": 0, "missing": 1, "extra": 0}


@pytest.mark.parametrize(
    "key",
    ["{gap}", "trades/0/07", "trades/99/1", "elsewhere/0/1", "trades/0", "nothing"],
)
def test_a_document_too_many_is_found(logs: Any, topics: ExchangeTopics, key: str) -> None:
    known = {each["_id"] for each in logs.find({}, {"_id": 1})}
    places = [f"orders.executions/0/{at}" for at in range(200)]
    gap = next(each for each in places if each not in known)
    key = key.format(gap=gap)
    logs.insert_one(a_login(logs) | {"_id": key})

    findings, report = look("mongodb", topics)

    (line,) = told(findings)
    assert line.startswith(f"mongodb audit_logs {key}: the log gives no such row")
    assert report.tables["audit_logs"].differences == {"wrong": 0, "missing": 0, "extra": 1}


def test_documents_ahead_of_the_positions_are_on_their_way(
    logs: Any, topics: ExchangeTopics
) -> None:
    logs.insert_one(a_login(logs) | {"_id": "audit/0/999999"})

    findings, _ = look("mongodb", topics)

    assert told(findings) == []


def test_a_trail_that_is_behind_is_no_violation(
    trail: MongodbStore, topics: ExchangeTopics
) -> None:
    events = topics.events(MongodbSink.topics)
    feed(trail, first_share(events, 0.5))

    findings, report = look("mongodb", topics)

    assert told(findings) == []
    assert report.behind > 500
    assert f"{report.behind:,} records behind the log" in report.lines()[0]


def test_a_trail_of_another_log_is_said_to_be_one(
    trail: MongodbStore, topics: ExchangeTopics
) -> None:
    fed(trail, topics)
    with MongoClient[Any](trail.settings.url) as client:
        positions = client[trail.settings.database]["positions"]
        positions.update_one({"_id": "trades/0"}, {"$set": {"offset": Int64(10_000_000)}})

    findings, report = look("mongodb", topics)

    (line,) = told(findings)
    assert line.startswith("mongodb positions trades/0: position is 10000000, the log gives ")
    assert "fed from another log" in report.lines()[0]
