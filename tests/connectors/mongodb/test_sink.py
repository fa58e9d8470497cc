"""The audit trail in a real server equals a reference over the log, whatever comes how often."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest
from bson import Int64
from pymongo import MongoClient, monitoring
from pymongo.errors import WriteError

from connectors.event import Event, Place
from connectors.mongodb.collections import AUDIT_LOGS, POSITIONS
from connectors.mongodb.documents import document_of
from connectors.mongodb.settings import MongodbSettings
from connectors.mongodb.sink import MongodbSink
from connectors.sink import Batch, FencedError, RefusedError
from tests.connectors.mongodb.made_log import batches, login, made_log
from tests.connectors.mongodb.reference_trail import checksum, reference_trail, trail_in
from tests.fixtures.mongodb import NODE

LOG = made_log()
REFERENCE = reference_trail(LOG, NODE)


@pytest.fixture
def sink(mongodb: MongodbSettings) -> Iterator[MongodbSink]:
    sink = MongodbSink(mongodb)
    sink.connect()
    yield sink
    sink.close()


@pytest.fixture
def database(mongodb: MongodbSettings) -> Iterator[Any]:
    with MongoClient[Any](mongodb.url, tz_aware=True) as client:
        yield client[mongodb.database]


def feed(sink: MongodbSink, events: list[Event], size: int = 300) -> int:
    places = {event.place for event in events}
    return sum(sink.write(batch) for batch in batches(events, size, sink.positions(places)))


def test_the_trail_equals_the_reference(sink: MongodbSink, database: Any) -> None:
    written = feed(sink, LOG)

    found = trail_in(database[AUDIT_LOGS])
    assert found == REFERENCE
    assert checksum(found) == checksum(REFERENCE)
    assert written == len(REFERENCE) > 1_000
    assert Counter(entry["failed"] is None for entry in found)[False] > 20


def test_what_comes_again_changes_not_one_document(sink: MongodbSink, database: Any) -> None:
    feed(sink, LOG)
    before = list(database[AUDIT_LOGS].find().sort("_id", 1))

    sink.clear()
    assert sink.positions({event.place for event in LOG}) == {}
    # Were it written anew, the other node would show.
    again = MongodbSink(sink._settings.model_copy(update={"node_id": "node-2"}))
    again.connect()
    assert feed(again, LOG, size=111) == 0
    again.close()

    assert list(database[AUDIT_LOGS].find().sort("_id", 1)) == before


def test_a_batch_that_was_written_half_is_written_whole(sink: MongodbSink, database: Any) -> None:
    batch = next(batches(LOG, 500))
    half = replace(batch, events=batch.events[::2], starts={}, ends={})
    first = sink.write(half)

    assert first + sink.write(batch) == len(reference_trail(batch.events, NODE))
    assert trail_in(database[AUDIT_LOGS]) == reference_trail(batch.events, NODE)


def test_positions_are_those_behind_each_batch(sink: MongodbSink, database: Any) -> None:
    ends: dict[Place, int] = {}
    for batch in batches(LOG, 200):
        sink.write(batch)
        ends.update(batch.ends)
        assert sink.positions(ends) == ends
    assert all(type(each["offset"]) is Int64 for each in database[POSITIONS].find())


def test_another_ones_positions_fence(sink: MongodbSink, database: Any) -> None:
    first, second = list(batches(LOG[:400], 200))
    sink.write(first)

    with pytest.raises(FencedError):
        sink.write(first)
    place = next(iter(first.ends))
    with pytest.raises(FencedError):
        sink.write(Batch([], {place: 999_999}, {place: 1_000_000}))
    # Nobody has written there yet.
    with pytest.raises(FencedError):
        sink.write(Batch([], {Place("trades", 77): 5}, {Place("trades", 77): 6}))
    sink.write(second)
    assert trail_in(database[AUDIT_LOGS]) == reference_trail(LOG[:400], NODE)


class _Commands(monitoring.CommandListener):
    """Which commands were sent for which collection."""

    def __init__(self) -> None:
        self.seen: Counter[tuple[str, str]] = Counter()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.seen[event.command_name, str(event.command.get(event.command_name))] += 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


def test_the_trail_is_only_ever_inserted_into(
    mongodb: MongodbSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = _Commands()
    listeners = monitoring._LISTENERS._replace(command_listeners=[commands])
    monkeypatch.setattr(monitoring, "_LISTENERS", listeners)
    sink = MongodbSink(mongodb)
    sink.connect()
    feed(sink, LOG)
    sink.clear()
    feed(sink, LOG)
    sink.close()

    on_trail = {name for name, collection in commands.seen if collection == AUDIT_LOGS}
    assert on_trail == {"create", "createIndexes", "insert"}
    on_positions = {name for name, collection in commands.seen if collection == POSITIONS}
    assert on_positions == {"find", "update", "delete"}
    assert {name for name, _ in commands.seen} <= on_trail | on_positions | {
        "listCollections",
        "endSessions",
    }
    granted = _granted("audit_writer")
    for name, collection in commands.seen:
        if name != "endSessions":
            where = collection if collection in (AUDIT_LOGS, POSITIONS) else ""
            assert _ACTIONS[name] in granted[where], (name, collection)


_ACTIONS = {
    "create": "createCollection",
    "createIndexes": "createIndex",
    "insert": "insert",
    "find": "find",
    "update": "update",
    "delete": "remove",
    "listCollections": "listCollections",
}
"""The right that a command needs."""


def _roles() -> list[dict[str, Any]]:
    roles: list[dict[str, Any]] = json.loads(
        files("connectors.mongodb").joinpath("roles.json").read_text()
    )
    return roles


def _granted(role: str) -> dict[str, set[str]]:
    """Rights by collection."""
    (found,) = [each for each in _roles() if each["createRole"] == role]
    return {each["resource"]["collection"]: set(each["actions"]) for each in found["privileges"]}


def test_no_role_may_change_what_is_in_the_trail() -> None:
    for role in _roles():
        assert role["roles"] in ([], ["audit_reader"])
        rights = _granted(role["createRole"])
        assert rights[AUDIT_LOGS] <= {
            "find",
            "insert",
            "createCollection",
            "createIndex",
            "changeStream",
        }
        # Rights in the whole database are rights in the trail.
        assert rights.get("", set()) <= {"listCollections"}


def test_the_server_refuses_what_is_no_audit_document(sink: MongodbSink, database: Any) -> None:
    with pytest.raises(WriteError, match="[Vv]alidation"):
        database[AUDIT_LOGS].insert_one({"_id": "a/0/0", "action": "NOTHING"})


def test_what_the_server_refuses_is_named_and_the_rest_can_go_on(
    sink: MongodbSink, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [login(number, 1_000 * number) for number in range(3)]
    batch = next(batches(events, 10))

    def broken(event: Event, node_id: str) -> dict[str, Any]:
        document = document_of(event, node_id)
        return document | {"action": None} if event.offset == 1 else document

    monkeypatch.setattr("connectors.mongodb.sink.document_of", broken)
    with pytest.raises(RefusedError) as refused:
        sink.write(batch)
    assert set(refused.value.reasons) == {"audit/0/1"}
    # As the runner does it.
    assert sink.write(replace(batch, events=[events[0], events[2]])) == 0
    assert trail_in(database[AUDIT_LOGS]) == reference_trail([events[0], events[2]], NODE)


def test_integers_are_64_bits_wide_and_nothing_is_a_float(sink: MongodbSink, database: Any) -> None:
    feed(sink, LOG)
    for document in database[AUDIT_LOGS].find():
        for value in _leaves(document["payload"]):
            assert not isinstance(value, float)
            assert type(value) is not int or document["metadata"]["record"] == "DeadLetter"
        assert document["metadata"]["latency_ms"] is None or (
            type(document["metadata"]["latency_ms"]) is Int64
        )


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _leaves(each)
    elif not isinstance(value, bool):
        yield value
