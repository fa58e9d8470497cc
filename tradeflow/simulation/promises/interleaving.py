"""A stage's work in another order that must come to the same: its inputs interleaved otherwise.

What a stage with several inputs makes of them may depend on what it has read: a cancel is sent on,
waits or is refused as its order stands, and rows have times.  So not every order will do.  Two
records may be exchanged where they are of different partitions, or where

- they are of different accounts, as nobody asks one account about another;
- neither moves a clock, by which something may time out: a tick, the first record of a moment;
- no agent has both: of one input, or of two that it joins, each keeps its order.
"""

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import NamedTuple

from tradeflow.simulation.rounds import Round, Take, Turn


class Step(NamedTuple):
    """An agent has one record."""

    take: Take
    agent: int


OwnerOf = Callable[[Take], str]
"""The account that a record is about; "": it keeps its place among those of its partition."""


def steps_of(history: Iterable[Round]) -> list[Step]:
    """What agents did in some rounds, record by record."""
    return [
        Step(Take(take.topic, take.partition, offset, 1), turn.agent)
        for work in history
        for turn in work.turns
        for take in (work.takes[turn.take],)
        for offset in range(take.start, take.start + take.size)
    ]


def interleaved(steps: Iterable[Step], owner_of: OwnerOf, rng: Random) -> list[Step]:
    """The same steps in another order that must come to the same."""
    stretches: dict[int, list[list[Step]]] = {}
    for step in steps:
        own = stretches.setdefault(step.take.partition, [[]])
        if owner_of(step.take):
            own[-1].append(step)
        else:
            own += [[step], []]
    mixed = [
        [step for stretch in own for step in _mixed(stretch, owner_of, rng)]
        for own in stretches.values()
    ]
    return _merged(mixed, rng)


def rounds_of(steps: Sequence[Step], rng: Random, *, most: int) -> list[Round]:
    """Rounds of so many steps at most."""
    rounds = []
    start = 0
    while start < len(steps):
        part = steps[start : start + rng.randint(1, most)]
        start += len(part)
        turns = [Turn(number, step.agent) for number, step in enumerate(part)]
        rounds.append(Round([step.take for step in part], turns))
    return rounds


def _mixed(stretch: Sequence[Step], owner_of: OwnerOf, rng: Random) -> list[Step]:
    """Steps that move no clock: those of one account, and those of one agent, keep their order."""
    waiting = list(stretch)
    mixed: list[Step] = []
    while waiting:
        owners: set[str] = set()
        agents: set[int] = set()
        free = []
        for number, step in enumerate(waiting):
            owner = owner_of(step.take)
            if owner not in owners and step.agent not in agents:
                free.append(number)
            owners.add(owner)
            agents.add(step.agent)
        mixed.append(waiting.pop(rng.choice(free)))
    return mixed


def _merged(queues: Sequence[Sequence[Step]], rng: Random) -> list[Step]:
    """Queues in one, each in its order."""
    merged: list[Step] = []
    heads = [0] * len(queues)
    while waiting := [n for n, queue in enumerate(queues) if heads[n] < len(queue)]:
        number = rng.choice(waiting)
        merged.append(queues[number][heads[number]])
        heads[number] += 1
    return merged
