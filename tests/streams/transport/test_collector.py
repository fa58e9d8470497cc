"""What the garbage collector is kept away from is still freed, at once or in the end."""

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from streams.transport import collector
from streams.transport.batch import Batch
from streams.transport.collector import Survivors, collector_paused, rows_spared
from streams.transport.errors import ConfigError, FencedError


class Thing:
    """Something that may refer to itself."""

    itself: "Thing | None" = None

    def send(self) -> None:
        """What a batch asks of a producer."""

    def topic(self) -> str:
        """What a batch asks of a record."""
        return "topic"

    def partition(self) -> int:
        """The same."""
        return 0

    def offset(self) -> int:
        """The same."""
        return 7


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def closed_batch(record: Any) -> Batch:
    producer: Any = Thing()
    batch = Batch("topic", 0, [record], producer=producer, propagate=lambda *_: [])
    batch.close()
    return batch


def test_a_batch_that_is_finished_goes_without_the_collector() -> None:
    gc.disable()
    record = Thing()
    is_there = weakref.ref(record)
    batch = closed_batch(record)
    del record
    assert is_there() is not None

    del batch

    assert is_there() is None


def test_a_finished_batch_says_where_it_ended() -> None:
    with pytest.raises(RuntimeError, match="topic/0/7 is finished"):
        closed_batch(Thing()).emit_beside("elsewhere", b"")


def test_a_cycle_that_is_dropped_after_it_was_spared_is_freed_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(collector, "_SPARED_AT", 0)
    monkeypatch.setattr(collector, "_ALL_LOOKED_AT", 3)
    survivors = Survivors()
    thing = Thing()
    thing.itself = thing
    is_there = weakref.ref(thing)

    survivors.round_over()
    del thing
    survivors.round_over()
    assert is_there() is not None

    survivors.round_over()
    assert is_there() is None


def test_rows_are_spared_from_the_collector_until_the_next_restore() -> None:
    class Book:
        pass

    with rows_spared():
        assert not gc.isenabled()
        book = Book()
        book.itself = book  # type: ignore[attr-defined]
        is_there = weakref.ref(book)
        del book
    try:
        assert gc.isenabled()
        gc.collect()
        assert is_there() is not None

        with rows_spared():
            assert is_there() is None
    finally:
        gc.unfreeze()


def test_the_collector_waits_for_a_round_and_runs_again_even_if_that_failed() -> None:
    with collector_paused():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(FencedError), collector_paused():
        raise FencedError("too late")
    assert gc.isenabled()


def test_the_collector_runs_again_after_a_restore_that_failed() -> None:
    with pytest.raises(ConfigError), rows_spared():
        raise ConfigError("the changelog is odd")
    gc.unfreeze()
    assert gc.isenabled()


def test_what_rounds_leave_is_looked_at_once_and_then_spared() -> None:
    class Cycle:
        def __init__(self) -> None:
            self.itself = self

    survivors, rows, frozen = Survivors(), [], 0
    try:
        for _ in range(20):
            with collector_paused():
                rows.append([[number] for number in range(10_000)])
                garbage = weakref.ref(Cycle())
                survivors.round_over()
            if gc.get_freeze_count() > frozen:
                assert garbage() is None  # Looked at first.
                frozen = gc.get_freeze_count()
        spared = gc.get_freeze_count()
        rows.clear()

        assert spared >= 150_000
        assert gc.get_freeze_count() < spared - 150_000  # Freed without the collector's help.
    finally:
        gc.unfreeze()
