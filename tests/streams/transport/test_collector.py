"""What the garbage collector is spared is still freed, at once or in the end."""

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from streams.transport import collector
from streams.transport.batch import Batch
from streams.transport.collector import Survivors


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
