"""What every sink promises (``connectors/sink.py``), tested with each real store.

A store joins by a fixture ``<name>_store`` that gives a ``StoreUnderTest``, empty.
"""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.event import Event, Place
from connectors.sink import Batch, FencedError
from tests.connectors.batches import Feeder, StoreUnderTest
from tests.connectors.exchange_log import as_events, exchange_log
from tests.connectors.mongodb_store import MongodbStore

STORES = ("mysql", "redis", "mongodb")
APPEND_ONLY = (MongodbStore,)
COMMANDS = 150


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> StoreUnderTest:
    found: StoreUnderTest = request.getfixturevalue(f"{request.param}_store")
    return found


@pytest.fixture
def events(store: StoreUnderTest) -> list[Event]:
    return as_events(exchange_log(COMMANDS), store.sink().topics)


@pytest.fixture
def feeder(store: StoreUnderTest, events: list[Event]) -> Iterator[Feeder]:
    feeder = Feeder(store.sink(), events)
    yield feeder
    feeder.sink.close()


def test_a_new_store_has_no_positions(feeder: Feeder) -> None:
    assert set(feeder.positions.values()) == {0}


def test_connecting_again_changes_nothing(
    feeder: Feeder, store: StoreUnderTest, events: list[Event]
) -> None:
    feeder.feed(500)
    content, positions = store.content(), dict(feeder.positions)

    feeder.sink.connect()
    feeder.look()

    assert store.content() == content
    assert feeder.positions == positions


def test_a_batch_leaves_its_rows_and_its_positions(
    feeder: Feeder, store: StoreUnderTest, events: list[Event]
) -> None:
    rows = feeder.write(feeder.batch(events[:400]))
    written = dict(feeder.positions)
    feeder.look()

    assert rows > 0
    assert feeder.positions == written
    assert any(store.content().values())


def test_records_without_an_event_move_the_position_alone(feeder: Feeder) -> None:
    place = next(iter(feeder.positions))

    assert feeder.write(Batch((), {place: 0}, {place: 5})) == 0
    feeder.look()

    assert feeder.positions[place] == 5


def test_the_same_batch_twice_is_fenced_and_changes_nothing(
    feeder: Feeder, store: StoreUnderTest, events: list[Event]
) -> None:
    batch = feeder.batch(events[:400])
    feeder.write(batch)
    content = store.content()

    with pytest.raises(FencedError):
        feeder.sink.write(batch)
    feeder.look()

    assert store.content() == content
    assert {place: feeder.positions[place] for place in batch.ends} == batch.ends


def test_a_process_that_was_overtaken_is_fenced_and_changes_nothing(
    feeder: Feeder, store: StoreUnderTest, events: list[Event]
) -> None:
    other = Feeder(store.sink(), events)
    other.feed(500)
    content = store.content()

    for batch in list(feeder.batches(300)):
        with pytest.raises(FencedError):
            feeder.sink.write(batch)
    other.sink.close()

    assert store.content() == content


def test_a_fenced_sink_goes_on_from_the_stores_positions(
    feeder: Feeder, store: StoreUnderTest, events: list[Event]
) -> None:
    other = Feeder(store.sink(), events)
    other.write(other.batch(events[:300]))
    other.sink.close()
    with pytest.raises(FencedError):
        feeder.feed(200)

    feeder.look()
    feeder.feed(200)

    assert store.content() == _uninterrupted(feeder, store)


@pytest.mark.parametrize("size", [7, 100_000])
def test_content_does_not_depend_on_batches(
    feeder: Feeder, store: StoreUnderTest, size: int
) -> None:
    feeder.feed(size)

    assert store.content() == _uninterrupted(feeder, store)


def test_a_successor_goes_on_where_a_process_ended(
    feeder: Feeder, store: StoreUnderTest, events: list[Event]
) -> None:
    # Each process writes two batches and is gone, without a word.
    processes = 0
    while batches := list((process := Feeder(store.sink(), events)).batches(53))[:2]:
        for batch in batches:
            process.write(process.batch(batch.events))
        processes += 1
    assert processes > 3

    assert store.content() == _uninterrupted(feeder, store)


def test_two_processes_at_once_write_each_record_once(
    feeder: Feeder, store: StoreUnderTest, events: list[Event]
) -> None:
    fenced = [0, 0]
    faults: list[BaseException] = []
    # Both begin at the same place, so one of them comes second there.
    both_have_looked = threading.Barrier(2, timeout=60)

    def run(number: int) -> None:
        try:
            own = Feeder(store.sink(), events)
            both_have_looked.wait()
            while batches := list(own.batches(61)):
                try:
                    for batch in batches:
                        own.write(own.batch(batch.events))
                except FencedError:
                    fenced[number] += 1
                    own.look()
            own.sink.close()
        except BaseException as exc:
            faults.append(exc)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)

    assert faults == []
    assert sum(fenced) > 0
    assert store.content() == _uninterrupted(feeder, store)


def test_clear_leaves_nothing_and_can_be_filled_again(
    feeder: Feeder, store: StoreUnderTest
) -> None:
    feeder.feed(500)
    before = store.content()

    feeder.sink.clear()
    feeder.look()

    if isinstance(store, APPEND_ONLY):
        assert store.content() == before
    else:
        assert not any(store.content().values())
    assert set(feeder.positions.values()) == {0}
    feeder.feed(450)
    assert store.content() == before


def test_what_a_sink_does_not_know_is_passed_by(feeder: Feeder, store: StoreUnderTest) -> None:
    place = Place("elsewhere", 0)
    strange = Event(place, 0, b"key", "Tick", {"time_ms": 1}, {}, 1)
    feeder.positions[place] = 0

    feeder.write(feeder.batch([strange]))

    assert not any(store.content().values())
    assert feeder.sink.positions([place]) == {place: 1}


def _uninterrupted(feeder: Feeder, store: StoreUnderTest) -> dict[str, list[Any]]:
    """What the store has after one process has written all, in batches of 500."""
    feeder.sink.clear()
    feeder.look()
    feeder.feed(500)
    return store.content()
