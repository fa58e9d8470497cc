"""Latency of one exactly-once hop: a command in, its committed report out, at a steady pace.

Beside it, in the same rounds on the same broker, a hand-written loop that does the same work.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

from confluent_kafka import Consumer, Message, Producer, TopicPartition

from bench.figure import Figure, at_most, figure
from bench.flow import Command, Flow, bench_instruments
from bench.kafka import PARTITIONS, BenchBroker, encoded
from bench.process import Program, matching_worker, rival
from bench.rivals.work import changelog_of
from bench.run import Run
from schemas.topics import ORDERS_EXECUTIONS, ORDERS_INCOMING
from tradeflow.errors import TradeflowError

PER_SECOND = 100
BROKER_WARM_UP = 12_000
"""Commands before the first round, two minutes of them: while Java compiles the broker it takes
up to 1.4 of two cores, later 0.6; a contender measured early would be measured against that."""
WARM_UP = 300
"""Commands of each round before those that count."""
PERCENTS = (50, 90, 99)
_ANSWER_SECONDS = 60
_PLAIN_GROUP = "plain"


def correlation_of(message: Message) -> bytes | None:
    """The request that a record belongs to; None of a tick of the clock."""
    headers: Any = message.headers()
    return headers[0][1] if headers else None


@dataclass
class Hop:
    """A sender of commands and a reader of committed reports, on one clock."""

    producer: Producer
    consumer: Consumer
    topic: str = ORDERS_INCOMING.name
    encode: Callable[[Command], dict[str, Any]] = encoded
    answered: Callable[[Message], bytes | None] = correlation_of
    """The id of the command that a record answers."""
    sent: dict[bytes, float] = field(default_factory=dict)
    """When each command without an answer was sent, by its id."""

    def seconds(self, commands: list[Command], *, pause: float) -> list[float]:
        """The time to the report of each command, from just before it is sent.

        Commands go out every ``pause`` seconds whether or not those before are answered.
        """
        sender = threading.Thread(target=self._send, args=(commands, pause), daemon=True)
        sender.start()
        seconds: list[float] = []
        latest = time.perf_counter()
        while len(seconds) < len(commands):
            message = self.consumer.poll(_ANSWER_SECONDS)
            arrived = time.perf_counter()
            if message is not None and message.error() is None:
                sent = self.sent.pop(self.answered(message) or b"", None)
                if sent is not None:  # else it answers a command of somebody else's
                    seconds.append(arrived - sent)
                    latest = arrived
            if arrived - latest > _ANSWER_SECONDS:
                raise TradeflowError(f"No report came within {_ANSWER_SECONDS} s.")
        sender.join()
        self.producer.flush(10)
        return seconds

    def _send(self, commands: list[Command], pause: float) -> None:
        due = time.perf_counter()
        for command in commands:
            due += pause
            time.sleep(max(0.0, due - time.perf_counter()))
            record = self.encode(command)
            self.sent[record["headers"][0][1]] = time.perf_counter()
            self.producer.produce(self.topic, **record)
            self.producer.poll(0)


@dataclass
class HopBroker:
    """A broker that serves one contender after the other, each with topics of its own."""

    run: Run
    broker: BenchBroker
    flow: Flow

    def worker(self) -> Program:
        """TradeFlow's."""
        rules = self.run.folder / "instruments.json"
        return matching_worker(self.broker.bootstrap, self.run.folder, rules)

    def plain_loop(self) -> Program:
        """The loop by hand."""
        return rival(
            "plain_loop",
            self.broker.bootstrap,
            self.run.folder,
            self.run.folder / "instruments.json",
            source=ORDERS_INCOMING.name,
            group=_PLAIN_GROUP,
        )

    def percentiles(self, start: Callable[[], Program], warm_up: int, counted: int) -> list[float]:
        """The latencies, in ms, of the commands that count."""
        self.broker.remove_topics(but=())
        self.broker.make_topics(changelog_of(_PLAIN_GROUP))
        commands = place_and_cancel(self.flow, warm_up + counted)
        # A reader as the gateway is one; its fetches wait at the broker until there is something.
        with start(), self.broker.consumer({"fetch.min.bytes": 1}) as consumer:
            consumer.assign(
                [TopicPartition(ORDERS_EXECUTIONS.name, number, 0) for number in range(PARTITIONS)]
            )
            hop = Hop(producer_at_once(self.broker), consumer)
            hop.seconds(commands[:warm_up], pause=1 / PER_SECOND)
            seconds = hop.seconds(commands[warm_up:], pause=1 / PER_SECOND)
        return percentiles(1_000 * one for one in seconds)


def percentiles(values: Iterable[float]) -> list[float]:
    """Those of PERCENTS, in the values' unit."""
    cuts = quantiles(values, n=100)
    return [cuts[percent - 1] for percent in PERCENTS]


def measure(run: Run) -> list[Figure]:
    """Percentiles of the latency, in milliseconds."""
    flow = Flow(bench_instruments(run.folder), resting=0)
    warm_up, counted = run.size(WARM_UP, 50), run.size(1_000, 150)
    mine, plain = [], []
    run.say("starting a broker")
    with BenchBroker(run.folder) as broker:
        hops = HopBroker(run, broker, flow)
        run.say("warming the broker up")
        hops.percentiles(hops.worker, run.size(BROKER_WARM_UP, 50), counted)
        for number in range(run.rounds):
            run.say(f"tradeflow, round {number + 1} of {run.rounds}")
            mine.append(hops.percentiles(hops.worker, warm_up, counted))
            run.say(f"plain loop, round {number + 1} of {run.rounds}")
            plain.append(hops.percentiles(hops.plain_loop, warm_up, counted))
    note = (
        f"{counted} commands a round, one every {1_000 // PER_SECOND} ms, place and cancel in "
        "turn; from just before a command is sent to its report, read committed"
    )
    goals = {50: at_most(6), 90: None, 99: at_most(30)}
    return [
        figure(
            "hop", f"exactly-once hop, p{percent}", [one[place] for one in mine], "ms",
            beside=("plain loop", [one[place] for one in plain]), goal=goals[percent], note=note,
        )
        for place, percent in enumerate(PERCENTS)
    ]  # fmt: skip


def place_and_cancel(flow: Flow, count: int) -> list[Command]:
    """Makers, each cancelled by the next command."""
    commands: list[Command] = []
    while len(commands) < count:
        commands += flow.passing_orders()
    return commands[:count]


def producer_at_once(broker: BenchBroker) -> Producer:
    """Sends each command as it comes."""
    settings: dict[str, Any] = {
        "bootstrap.servers": broker.bootstrap,
        "partitioner": "murmur2_random",
        "linger.ms": 0,
        "log_level": 0,
    }
    return Producer(settings)
