"""The garbage collector, kept away from what is no garbage: table rows, and a round at work.

Left alone, it would look through all rows again and again while they are restored, and later in
every full collection, which stops the rounds: some 100 ms for 100 000 rows, a second for a million
objects.  In a round it would look, every 700 objects, at messages and records that the round's end
frees without it.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_SPARED_AT = 50_000
"""Objects; to look through so many takes some 20 ms."""

_ALL_LOOKED_AT = 1_000
"""After so many times all that is spared is looked at, which takes a second for a million objects.
What was dropped meanwhile is a hundred objects a time at most, so it stays below some 20 MB."""


class Survivors:
    """What rounds leave behind, new rows above all: looked at once, and then spared like old rows.

    A frozen object is freed with its last reference, as any other.  A cycle that was alive then and
    is dropped later, such as a connection to ``/metrics`` that was open, waits for the look at all.
    """

    def __init__(self) -> None:
        self._count = 0
        self._times = 0

    def round_over(self) -> None:
        """Count what is new since the collector looked last; call it at the end of each round."""
        self._count += gc.get_count()[0]
        if self._count >= _SPARED_AT:
            self._times += 1
            if self._times % _ALL_LOOKED_AT == 0:
                gc.unfreeze()
            gc.collect()
            gc.freeze()
            self._count = 0


@contextmanager
def rows_spared() -> Iterator[None]:
    """Restore rows in here: they are not looked at meanwhile, nor until the next restore."""
    if gc.get_freeze_count():
        gc.unfreeze()
        # An index over rows refers to itself: those that were dropped wait for this.
        gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def collector_paused() -> Iterator[None]:
    """Work through a batch in here: the collector waits and then looks at what is left."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
