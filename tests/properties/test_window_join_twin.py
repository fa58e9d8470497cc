"""The fast join and the slow one agree, however two inputs are interleaved."""

import os
import random
from collections import Counter
from collections.abc import Iterable

import pytest

from streams.domain.join_side import StoredRecord
from streams.domain.window_join import CLOCK_KEY, JoinClock, Joined, JoinRow, WindowJoin
from tests.simulation.join_workload import ends, interleavings, sides, some_input, some_window
from tests.simulation.reference_join import (
    Record,
    ReferenceJoin,
    Result,
    Window,
    merged_by_time,
    shared_time_results,
)

CASES = int(os.environ.get("TRADEFLOW_JOIN_CASES", "3000"))
"""Pairs of inputs; each is run in four interleavings."""
WAYS = 4
PARTS = 10

cases = pytest.mark.parametrize("part", range(PARTS))


class Program:
    """The join of a partition, and the table that it keeps its rows in."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.table: dict[str, JoinRow] = {}
        self.join = self._new()
        self.results: list[Joined] = []

    def _new(self) -> WindowJoin:
        window = self.window
        return WindowJoin(
            window.kind,  # type: ignore[arg-type]
            before_ms=window.before,
            after_ms=window.after,
            grace_ms=window.grace,
        )

    def take(self, record: Record) -> None:
        """Take a record or a tick."""
        join = self.join
        if record.is_tick:
            advance = join.advance_left if record.is_left else join.advance_right
            self.results += advance(record.time)
        else:
            take = join.left if record.is_left else join.right
            data = (record.value or "").encode()
            self.results += take(record.key, record.time, record.value, data)

    def commit(self) -> None:
        """Write what changed, as a round does at its end."""
        for key, row in self.join.take_changes().items():
            if row is None:
                del self.table[key]
            else:
                self.table[key] = row
        assert set(self.table) | {CLOCK_KEY} == set(self.join.rows())

    def kill(self) -> None:
        """Go on from the table alone."""
        self.commit()
        self.join = self._new()
        self.join.load({key: _copy(row) for key, row in self.table.items()})

    def stored(self) -> Counter[tuple[bool, str, int, str]]:
        """The records that are kept."""
        return Counter(
            (row.is_left, row.key, row.time_ms, row.value)
            for row in self.join.rows().values()
            if isinstance(row, StoredRecord)
        )


def _copy(row: JoinRow) -> JoinRow:
    """What a table makes of a row: bytes and back."""
    if isinstance(row, JoinClock):
        return JoinClock(row.left_ms, row.right_ms, row.last_number, row.late, row.skipped)
    copy = StoredRecord(row.is_left, row.key, row.time_ms, row.number, row.data.decode(), row.data)
    copy.is_joined = row.is_joined
    return copy


def results_of(program: Program) -> Counter[Result]:
    """All results, in no order."""
    return Counter(tuple(result) for result in program.results)


def run(
    window: Window, records: Iterable[Record], *, kill: float, chance: random.Random
) -> Program:
    """Take records, and be killed after some of them."""
    program = Program(window)
    for record in records:
        program.take(record)
        if chance.random() < kill:
            program.kill()
    return program


def check(program: Program, records: list[Record]) -> None:
    """Compare a program with the reference, after some records."""
    reference = ReferenceJoin(program.window, *sides(records))
    assert results_of(program) == reference.results()
    assert program.join.late == len(reference.late())
    assert program.join.skipped == reference.skipped()
    assert program.stored() == Counter(
        (r.is_left, str(r.key), r.time, str(r.value)) for r in reference.open()
    )


@cases
def test_every_interleaving_gives_what_the_reference_gives(part: int) -> None:
    for seed in range(part, CASES, PARTS):
        chance = random.Random(seed)
        window = some_window(chance)
        lefts, rights = some_input(chance, True), some_input(chance, False)
        for number, records in enumerate(interleavings(chance, lefts, rights, WAYS)):
            kill = (0.0, 1.0, 1.0, 0.2)[number]
            middle = chance.randrange(len(records) + 1)
            program = run(window, records[:middle], kill=kill, chance=chance)
            check(program, records[:middle])
            for record in records[middle:]:
                program.take(record)
            check(program, records)
            for tick in ends():
                program.take(tick)
            check(program, [*records, *ends()])
            assert set(program.join.rows()) == {CLOCK_KEY}


@cases
def test_a_kill_changes_neither_results_nor_their_order(part: int) -> None:
    for seed in range(part, CASES // 4, PARTS):
        chance = random.Random(~seed)
        window = some_window(chance)
        lefts, rights = some_input(chance, True), some_input(chance, False)
        for records in interleavings(chance, lefts, rights, WAYS):
            killed, spared = (
                run(window, [*records, *ends()], kill=kill, chance=chance) for kill in (1.0, 0.0)
            )
            assert killed.results == spared.results


@cases
def test_inputs_merged_by_time_give_what_kafka_streams_gives(part: int) -> None:
    for seed in range(part, CASES, PARTS):
        chance = random.Random(-seed)
        window = some_window(chance)
        merged = merged_by_time(some_input(chance, True), some_input(chance, False)) + ends()

        program = run(window, merged, kill=0.1, chance=chance)

        assert results_of(program) == shared_time_results(window, merged)


def test_the_workload_meets_what_there_is_to_meet() -> None:
    """Late records and records that come closed already, of either input, in each kind of join."""
    met: Counter[str] = Counter()
    for seed in range(300):
        chance = random.Random(seed)
        window = some_window(chance)
        lefts, rights = some_input(chance, True), some_input(chance, False)
        reference = ReferenceJoin(window, lefts + ends()[:1], rights + ends()[1:])
        for record in reference.late():
            met[f"late {window.kind} {record.is_left}"] += 1
        for result in reference.results():
            met[f"{window.kind} {result[1] is None} {result[2] is None}"] += 1
        met["skipped"] += reference.skipped()

    sorts = ["False False", "False True", "True False"]
    given = {"inner": sorts[:1], "left": sorts[:2], "right": sorts[::2], "outer": sorts}
    wanted = {f"{kind} {sort}" for kind, sorts in given.items() for sort in sorts}
    wanted |= {f"late {kind} {is_left}" for kind in given for is_left in (True, False)}
    assert set(met) == wanted | {"skipped"}
    assert min(met.values()) > 10
