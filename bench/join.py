"""A windowed join through Kafka, exactly once, beside its core alone.

Two topics are filled beforehand.  The time is the broker's, from when it appended the first row to
when it appended the last, so that each record of both inputs is in it.  What came out must be,
value by value, what the core gives without Kafka.
"""

import sys
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from bench.domain import ROUND, settled_memory
from bench.figure import Figure, at_least, figure
from bench.join_worker import AFTER_MS, GRACE_MS, LEFT, OUTPUT, RIGHT, decode, result
from bench.kafka import PARTITIONS, BenchBroker, await_true
from bench.process import Program
from bench.run import Run
from streams.domain.window_join import Joined, WindowJoin
from streams.transport.collector import collector_paused
from tradeflow.errors import TradeflowError

PER_MS = 10
"""Left records a millisecond, of the records' own time."""
BEHIND = 1_000
"""A partner comes so many left records after its own."""
WARM_UPS = 1
_QUIET_LOOKS = 8


@dataclass(frozen=True, slots=True)
class Record:
    """A record of either input; without a key it is a tick."""

    is_left: bool
    time_ms: int
    key: str | None

    @property
    def value(self) -> bytes:
        """Its bytes."""
        return f"{self.time_ms} {self.key}".encode() if self.key else b"%d" % self.time_ms


def some_records(lefts: int) -> list[Record]:
    """Nine of ten left records have a partner, 100 ms later; in the order of their times."""
    records: list[Record] = []
    for number in range(lefts):
        records.append(Record(True, number // PER_MS, f"key-{number}"))
        partner = number - BEHIND
        if partner >= 0 and partner % 10:
            records.append(Record(False, number // PER_MS, f"key-{partner}"))
    return records


def end_of(records: Sequence[Record]) -> int:
    """A time at which everything is over, ms."""
    return records[-1].time_ms + 10 * (AFTER_MS + GRACE_MS)


def core_rate(records: Sequence[Record]) -> float:
    """Records a second that the core takes, changed rows included; results are thrown away."""
    # Decoded beforehand, as what the core is given.
    given = [(record.is_left, *decode(record.value)) for record in records]
    join = new_join()
    with settled_memory():
        started = time.perf_counter()
        for start in range(0, len(given), ROUND):
            with collector_paused():
                for is_left, time_ms, key, data in given[start : start + ROUND]:
                    take = join.left if is_left else join.right
                    take(key, time_ms, data, data)
                join.take_changes()
        return len(given) / (time.perf_counter() - started)


def new_join() -> WindowJoin:
    """The join that the worker does."""
    return WindowJoin("left", before_ms=0, after_ms=AFTER_MS, grace_ms=GRACE_MS)


def joined_by_core(records: Sequence[Record]) -> list[Joined]:
    """What must come out."""
    join = new_join()
    results: list[Joined] = []
    for record in records:
        take = join.left if record.is_left else join.right
        results += take(record.key, record.time_ms, record.value)
    return results + join.advance_right(end_of(records))


def content_of(results: Sequence[Joined]) -> tuple[int, int]:
    """How many records the results are, and their digest."""
    digest = sum(zlib.crc32(result(joined.left, joined.right)) for joined in results)
    return len(results), digest % 2**64


class JoinBroker:
    """The broker with the inputs of the join."""

    def __init__(self, run: Run, broker: BenchBroker, records: Sequence[Record]) -> None:
        self._run = run
        self._broker = broker
        self._records = records
        self._expected = content_of(joined_by_core(records))
        broker.make_topics(LEFT, RIGHT)
        for name, is_left in ((LEFT, True), (RIGHT, False)):
            of_input = (record for record in records if record.is_left == is_left)
            broker.fill(name, ({"key": record.key, "value": record.value} for record in of_input))
            tick = b"%d" % end_of(records)
            broker.fill(name, ({"partition": n, "value": tick} for n in range(PARTITIONS)))

    def rate(self, name: str, profile: str) -> float:
        """Records of both inputs a second, by one worker, into an empty topic."""
        broker, folder = self._broker, self._run.folder / name
        folder.mkdir()
        broker.remove_topics(but=(LEFT, RIGHT))
        changelog = f"{name}-joined-changelog"
        broker.make_topics(LEFT, RIGHT, OUTPUT, changelog)
        told = {
            "BROKER": broker.bootstrap,
            "BENCH_GROUP": name,
            "BENCH_FOLDER": str(folder),
            "TRADEFLOW_PROFILE": profile,
        }
        command = [sys.executable, "-m", "bench.join_worker"]
        with Program(command, told=told, log=folder / "log") as program:
            self._await_output(program)
        # By the rows: one input may be far ahead, and then all results come near the end.
        times_ms = broker.content(changelog).times_ms
        return len(self._records) / ((times_ms[-1] - times_ms[0]) / 1_000)

    def _await_output(self, program: Program) -> None:
        wanted = self._expected[0]
        end, looks = 0, 0

        def is_done() -> bool:
            nonlocal end, looks
            program.require_alive()
            now = self._broker.end(OUTPUT)
            looks = looks + 1 if now == end else 0
            end = now
            # An end counts the markers of transactions too, so it must also stand still.
            return end >= wanted and looks >= _QUIET_LOOKS

        try:
            await_true(is_done, "the join", seconds=300, every=0.25)
        except TradeflowError as error:
            raise TradeflowError(f"{error}\n{program.log_end()}") from error
        content = self._broker.content(OUTPUT)
        if (content.count, content.digest) != self._expected:
            raise TradeflowError(
                f"The join wrote {content.count} records, {wanted} were right, or others than the "
                f"core gives.\n{program.log_end()}"
            )


def measure(run: Run) -> list[Figure]:
    """Both profiles in every round, and the core alone."""
    run.say("making records")
    records = some_records(run.size(150_000, 3_000))
    rates: dict[str, list[float]] = {"throughput": [], "low-latency": []}
    core = []
    run.say("starting a broker")
    with BenchBroker(run.folder) as broker:
        joins = JoinBroker(run, broker, records)
        run.say("warming the broker up")
        for number in range(WARM_UPS):
            joins.rate(f"warm-up-{number}", "throughput")
        for number in range(run.rounds):
            run.say(f"round {number + 1} of {run.rounds}")
            core.append(core_rate(records))
            for profile, found in rates.items():
                found.append(joins.rate(f"{profile}-{number}", profile))
    note = (
        f"left join, window {AFTER_MS} ms, grace {GRACE_MS} ms, {PER_MS} left records a ms, "
        "9 in 10 have a partner; rows, results and offsets in one transaction"
    )
    return [
        figure("join", "join core alone", core, "records/s", goal=at_least(150_000), note=note),
        *(
            figure(
                "join",
                f"join through Kafka, {profile}",
                found,
                "records/s",
                beside=("core alone", core),
                goal=at_least(20_000),
                note=note,
            )
            for profile, found in rates.items()
        ),
    ]
