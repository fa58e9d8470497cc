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


class Survivors:
    """What rounds leave behind, new rows above all: looked at once, and then spared like old rows.

    A frozen object is freed with its last reference, as any other; only a cycle that is broken
    later than that waits for the next restore.
    """

    def __init__(self) -> None:
        self._count = 0

    def round_over(self) -> None:
        """Count what is new since the collector looked last; call it at the end of each round."""
        self._count += gc.get_count()[0]
        if self._count >= _SPARED_AT:
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
