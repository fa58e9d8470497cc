"""The matching stage through Kafka beside others doing the same work on the same log.

The rule, the same for all: a contender runs alone, in a process of its own, on a topic that was
filled beforehand, into topics that are empty.  The time is the broker's, taken when it appended
the reports; start-up, the first fifth of the reports and the last twentieth (when a fetch may wait
for more than there is) do not count.  What each contender wrote must be, value by value, what the
core gives without Kafka.  No round meets a broker that has only just started.
"""

import sys
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.domain import markets_after
from bench.figure import Figure, Goal, at_least, figure, times
from bench.flow import Command, Flow, bench_instruments
from bench.kafka import BenchBroker, Content, await_true
from bench.process import Program, matching_worker, rival
from bench.quix_environment import quix_python
from bench.rivals.work import OUTPUTS, changelog_of
from bench.run import Run
from schemas.codec import encoder
from schemas.instruments import Instrument
from schemas.topics import ORDERS_INCOMING
from tradeflow.errors import TradeflowError

INPUT = ORDERS_INCOMING.name
SHORT_INPUT = f"{INPUT}.short"
"""The first commands of the same flow, for those who would take minutes for all of them."""
COUNTED = (0.2, 0.95)
"""The part of the reports, by time, whose time is taken."""
RESTING = 800
WARM_UPS = 2
"""Runs before the first that counts: Java compiles the broker for the better part of a minute."""
_QUIET_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Contender:
    """One who does the work; ``program`` is a module of ``bench.rivals``, "" for the worker."""

    name: str
    program: str = ""
    profile: str = "low-latency"
    input: str = INPUT
    goal: Goal | None = None
    """For the worker in its throughput profile, beside this contender."""


WORKER = Contender("tradeflow, throughput", profile="throughput")
CONTENDERS = (
    WORKER,
    Contender("tradeflow, low latency"),
    Contender("plain loop", "plain_loop", profile="throughput", goal=times(0.85)),
    Contender("Quix Streams, exactly-once", "quix", goal=times(2)),
    Contender("stock Faust, at-least-once", "stock_faust", input=SHORT_INPUT, goal=times(10)),
)


@dataclass
class Stage:
    """The broker with its commands, and what must come out of them."""

    run: Run
    broker: BenchBroker
    instruments: Path
    quix: Path
    counts: dict[str, int] = field(default_factory=dict)
    """Commands by input topic."""
    expected: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)
    """By input topic: for each output topic the number of records and their digest."""

    def fill(self, topic: str, commands: list[Command], rules: Mapping[str, Instrument]) -> None:
        """Write the commands, and note what they lead to."""
        self.broker.preload(topic, commands)
        self.counts[topic] = len(commands)
        self.expected[topic] = what_comes_out(commands, rules)

    def rate(self, contender: Contender, number: int) -> float:
        """Commands a second of one contender, in empty topics."""
        folder = self.run.folder / f"{contender.program or contender.profile}-{number}"
        folder.mkdir()
        group = f"{contender.program}-{number}"
        self.broker.remove_topics(but=self.counts)
        self.broker.make_topics(*self.counts, *_changelogs(contender, group))
        with self._program(contender, group, folder) as program:
            reports = self._outputs(contender, program)
        return self.counts[contender.input] * shares_per_second(reports.times_ms)

    def _program(self, contender: Contender, group: str, folder: Path) -> Program:
        if not contender.program:
            return matching_worker(
                self.broker.bootstrap, folder, self.instruments, profile=contender.profile
            )
        return rival(
            contender.program,
            self.broker.bootstrap,
            folder,
            self.instruments,
            source=contender.input,
            group=group,
            profile=contender.profile,
            python=str(self.quix) if contender.program == "quix" else sys.executable,
        )

    def _outputs(self, contender: Contender, program: Program) -> Content:
        """Wait until all is there, check it, and give the reports."""
        expected = self.expected[contender.input]
        ends = {topic: (0, 0.0) for topic in OUTPUTS}

        def is_done() -> bool:
            program.require_alive()
            quiet = True
            for topic in OUTPUTS:
                end, since = ends[topic]
                now = self.broker.end(topic)
                since = since + 0.25 if now == end else 0.0
                ends[topic] = now, since
                quiet = quiet and now >= expected[topic][0] and since >= _QUIET_SECONDS
            return quiet

        try:
            await_true(is_done, contender.name, seconds=300, every=0.25)
        except TradeflowError as error:
            raise TradeflowError(f"{error}\n{program.log_end()}") from error
        contents = {topic: self.broker.content(topic) for topic in OUTPUTS}
        for topic, content in contents.items():
            if (content.count, content.digest) != expected[topic]:
                raise TradeflowError(
                    f"{contender.name} wrote {content.count} records to {topic}, "
                    f"{expected[topic][0]} were right, or others than the core gives.\n"
                    f"{program.log_end()}"
                )
        return contents[OUTPUTS[0]]


def measure(run: Run) -> list[Figure]:
    """Every contender in every round."""
    quix = quix_python(run.say)
    rules = bench_instruments(run.folder)
    flow = Flow(rules, resting=RESTING)
    run.say("making commands")
    first, rest = flow.fill(), flow.take(run.size(100_000, 4_000))
    rates: dict[str, list[float]] = {contender.name: [] for contender in CONTENDERS}
    run.say("starting a broker")
    with BenchBroker(run.folder) as broker:
        broker.make_topics(SHORT_INPUT)
        stage = Stage(run, broker, run.folder / "instruments.json", quix)
        stage.fill(INPUT, first + rest, rules)
        stage.fill(SHORT_INPUT, first + rest[: run.size(6_000, 1_000)], rules)
        run.say("warming the broker up")
        for number in range(WARM_UPS):
            stage.rate(WORKER, run.rounds + number)
        for number in range(run.rounds):
            for contender in CONTENDERS:
                run.say(f"{contender.name}, round {number + 1} of {run.rounds}")
                rates[contender.name].append(stage.rate(contender, number))
    mine = rates[WORKER.name]
    alone = [
        figure(
            "stage", name, rates[name], "commands/s", goal=at_least(15_000), note=flow.in_words()
        )
        for name in (WORKER.name, "tradeflow, low latency")
    ]
    return alone + [
        figure(
            "stage",
            f"tradeflow beside {contender.name}",
            mine,
            "commands/s",
            beside=(contender.name, rates[contender.name]),
            goal=contender.goal,
        )
        for contender in CONTENDERS
        if contender.goal is not None
    ]


def shares_per_second(times_ms: Sequence[int]) -> float:
    """Which share of all was done in a second, by the counted part of some sorted times."""
    start, end = (times_ms[int(share * len(times_ms))] for share in COUNTED)
    if start == end:
        raise TradeflowError("All came at once: there are too few commands to measure anything.")
    # What was appended together came together: count by times, not by places.
    done = bisect_right(times_ms, end) - bisect_right(times_ms, start)
    return done / len(times_ms) / ((end - start) / 1_000)


def what_comes_out(
    commands: Iterable[Command], rules: Mapping[str, Instrument]
) -> dict[str, tuple[int, int]]:
    """For each output topic how many records the core gives for the commands, and their digest."""
    markets = markets_after((), rules)
    encoders = [encoder(name) for name in ("ExecutionReport", "Trade", "DepthUpdate")]
    counts, digests = [0, 0, 0], [0, 0, 0]
    for kind, command in commands:
        outcome = markets[command["symbol"]].apply(kind, command)
        updates = [outcome.depth] if outcome.depth is not None else []
        outputs: tuple[Iterable[Any], ...] = (outcome.reports, outcome.trades, updates)
        for place, records in enumerate(outputs):
            for record in records:
                counts[place] += 1
                digests[place] += zlib.crc32(encoders[place](record.fields()))
    return {
        topic: (count, digest % 2**64)
        for topic, count, digest in zip(OUTPUTS, counts, digests, strict=True)
    }


def _changelogs(contender: Contender, group: str) -> list[str]:
    """The topic for rows of one who does not make it itself."""
    if contender.program != "plain_loop":
        return []
    return [changelog_of(group)]
