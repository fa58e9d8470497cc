"""Small inputs of a join that meet every edge of its windows, and ways to interleave them."""

import random
from collections.abc import Sequence
from itertools import chain

from tests.simulation.reference_join import Record, Window

KINDS = ("inner", "left", "right", "outer")
LATEST = 40
FAR = 1_000
"""A time at which all is over."""


def some_window(chance: random.Random) -> Window:
    """Symmetric, one-sided, a point in time, or off to one side; grace from none."""
    before, after = chance.choice(
        [
            (5, 5),
            (0, 0),
            (0, chance.randrange(12)),
            (chance.randrange(12), 0),
            (chance.randrange(9), chance.randrange(9)),
            (-2, chance.randrange(2, 9)),
            (chance.randrange(3, 9), -3),
        ]
    )
    return Window(chance.choice(KINDS), before, after, chance.choice([0, 0, 1, 3, 8]))


def some_input(chance: random.Random, is_left: bool) -> list[Record]:
    """An input in its own order: now tidy, now wild; with twins, ticks and unjoinable records."""
    disorder = chance.choice([0, 0, 2, 6, 15])
    pace = chance.choice([1, 2, 5])
    records: list[Record] = []
    now = chance.randrange(LATEST // 2)
    for number in range(chance.randrange(12)):
        now = min(LATEST, now + chance.randrange(2 * pace))
        time = now - chance.randrange(disorder + 1)
        what = chance.random()
        if what < 0.1:
            records.append(Record(is_left, time, is_tick=True))
        elif what < 0.2 and records:
            records.append(chance.choice(records))
        else:
            key = chance.choice(["k", "k", "k", "other", None if chance.random() < 0.3 else "k"])
            value = None if chance.random() < 0.07 else f"{'a' if is_left else 'b'}{number}"
            records.append(Record(is_left, time, key, value))
    return records


def interleavings(
    chance: random.Random, lefts: Sequence[Record], rights: Sequence[Record], count: int
) -> list[list[Record]]:
    """So many of them; the first two have one input entirely behind the other."""
    ways = [[*lefts, *rights], [*rights, *lefts]]
    while len(ways) < count:
        turns = [True] * len(lefts) + [False] * len(rights)
        chance.shuffle(turns)
        queues = {True: iter(lefts), False: iter(rights)}
        ways.append([next(queues[turn]) for turn in turns])
    return ways


def sides(records: Sequence[Record]) -> tuple[list[Record], list[Record]]:
    """The two inputs of an interleaving."""
    return [r for r in records if r.is_left], [r for r in records if not r.is_left]


def ends() -> list[Record]:
    """Ticks after which nothing is left."""
    return list(chain([Record(True, FAR, is_tick=True)], [Record(False, FAR, is_tick=True)]))
