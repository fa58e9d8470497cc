"""Latency of one exactly-once hop: a command in, its committed report out, at a steady pace."""

import threading
import time
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from bench.figure import Figure, at_most, figure
from bench.flow import Command, Flow, bench_instruments
from bench.kafka import PARTITIONS, BenchBroker, encoded
from bench.process import matching_worker
from bench.run import Run
from schemas.topics import ORDERS_EXECUTIONS, ORDERS_INCOMING
from tradeflow.errors import TradeflowError

PER_SECOND = 100
WARM_UP = 1_500
"""Commands before those that count: it takes a Java broker ten seconds to find its speed."""
_ANSWER_SECONDS = 60


@dataclass
class Hop:
    """A sender of commands and a reader of committed reports, on one clock."""

    producer: Producer
    consumer: Consumer
    sent: dict[bytes, float] = field(default_factory=dict)
    """When each command without an answer was sent, by its correlation id."""

    def seconds(self, commands: list[Command], *, pause: float) -> list[float]:
        """The time to the report of each command, from just before it is sent.

        Commands go out every ``pause`` seconds whether or not those before are answered.
        """
        sender = threading.Thread(target=self._send, args=(commands, pause), daemon=True)
        sender.start()
        seconds: list[float] = []
        while len(seconds) < len(commands):
            message = self.consumer.poll(_ANSWER_SECONDS)
            arrived = time.perf_counter()
            if message is None:
                raise TradeflowError(f"No report came within {_ANSWER_SECONDS} s.")
            if message.error() is None:
                headers: Any = message.headers()
                sent = self.sent.pop(headers[0][1], None)
                if sent is not None:  # else it answers a command of somebody else's
                    seconds.append(arrived - sent)
        sender.join()
        self.producer.flush(10)
        return seconds

    def _send(self, commands: list[Command], pause: float) -> None:
        due = time.perf_counter()
        for command in commands:
            due += pause
            time.sleep(max(0.0, due - time.perf_counter()))
            record = encoded(command)
            self.sent[record["headers"][0][1]] = time.perf_counter()
            self.producer.produce(ORDERS_INCOMING.name, **record)
            self.producer.poll(0)


def measure(run: Run) -> list[Figure]:
    """Percentiles of the latency, in milliseconds."""
    instruments = bench_instruments(run.folder)
    warm_up = run.size(WARM_UP, 100)
    commands = place_and_cancel(Flow(instruments, resting=0), run.size(2_000, 300) + warm_up)
    run.say("starting a broker and a worker")
    with BenchBroker(run.folder) as broker:
        broker.make_topics()
        worker = matching_worker(
            broker.bootstrap, run.folder, run.folder / "instruments.json", profile="low-latency"
        )
        # A reader as the gateway is one; its fetches wait at the broker until there is something.
        with worker, broker.consumer({"fetch.min.bytes": 1}) as consumer:
            consumer.assign(
                [TopicPartition(ORDERS_EXECUTIONS.name, number, 0) for number in range(PARTITIONS)]
            )
            hop = Hop(producer_at_once(broker), consumer)
            run.say(f"{warm_up} commands to warm up")
            hop.seconds(commands[:warm_up], pause=1 / PER_SECOND)
            run.say(f"{len(commands) - warm_up} commands, {PER_SECOND} a second")
            seconds = hop.seconds(commands[warm_up:], pause=1 / PER_SECOND)
    percentiles = quantiles((1_000 * one for one in seconds), n=100)
    note = (
        f"{len(seconds)} commands after {warm_up} to warm up, one every {1_000 // PER_SECOND} ms, "
        "place and cancel in turn; from just before a command is sent to its report, read committed"
    )
    goals = {50: at_most(6), 90: None, 99: at_most(30)}
    return [
        figure(
            "hop", f"exactly-once hop, p{percent}", percentiles[percent - 1 : percent], "ms",
            goal=goal, note=note,
        )
        for percent, goal in goals.items()
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
