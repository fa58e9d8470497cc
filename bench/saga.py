"""The whole saga through Kafka: a client's order in, its committed report out, all stages at work.

Four hops, each exactly once: orders (ask for the money) → accounts → orders (it is paid for) →
matching.  Beside the latency, in the same rounds on the same workers, stands that of one hop:
commands that are given to matching at once.
"""

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

from confluent_kafka import Consumer, Message, Producer, TopicPartition

from bench.figure import Figure, Goal, at_least, at_most, figure
from bench.flow import Command, bench_instruments
from bench.hop import PERCENTS, Hop, percentiles, producer_at_once
from bench.kafka import PARTITIONS, BenchBroker, await_true, encoded
from bench.paid_flow import PaidFlow, funding
from bench.process import Program, stage_worker
from bench.run import Run
from schemas.codec import decode
from schemas.instruments import Instrument, assets_of
from schemas.topics import (
    ORDERS_COMMANDS,
    ORDERS_EXECUTIONS,
    ORDERS_INCOMING,
    WALLET_COMMANDS,
    WALLET_EVENTS,
)
from tradeflow.clock import Clock

PER_SECOND = 50
STAGES = ("orders", "accounts", "matching")
ACCOUNTS = 400
FUNDS_UNITS = 10**15
WARM_UP_FLOODS = 4
WARM_UP_SECONDS = 150
"""At the pace of the latencies: before the first round, since the broker's small transactions take
ten times as long until Java has compiled what they need."""
_TICK_SECONDS = 1.0
_READY_SECONDS = 60.0

HOPS = (
    ("orders, asks for the money", ORDERS_COMMANDS.name, WALLET_COMMANDS.name),
    ("accounts, reserves it", WALLET_COMMANDS.name, WALLET_EVENTS.name),
    ("orders, sends on", WALLET_EVENTS.name, ORDERS_INCOMING.name),
    ("matching, reports", ORDERS_INCOMING.name, ORDERS_EXECUTIONS.name),
)
"""The hops of a placement, each from topic to topic."""


@dataclass(frozen=True, slots=True)
class Flood:
    """What came of commands that were sent all at once."""

    per_second: float
    cpu_us: dict[str, float]
    """Of each process, µs a command."""


@dataclass
class SagaExchange:
    """A broker, the three stages and a clock, with accounts that have money."""

    run: Run
    broker: BenchBroker
    workers: dict[str, Program]
    flow: PaidFlow
    consumer: Consumer

    def saga_ms(self, commands: list[Command]) -> list[float]:
        """Latencies of clients' commands at a steady pace, ms."""
        producer = producer_at_once(self.broker)
        return [1_000 * s for s in self._hop(producer).seconds(commands, pause=1 / PER_SECOND)]

    def one_hop_ms(self, commands: list[Command]) -> list[float]:
        """The same of commands that go to matching at once."""
        hop = Hop(producer_at_once(self.broker), self.consumer)
        return [1_000 * s for s in hop.seconds(commands, pause=1 / PER_SECOND)]

    def flood(self, commands: list[Command]) -> Flood:
        """All at once, until the last one is answered."""
        settings: dict[str, Any] = {
            "bootstrap.servers": self.broker.bootstrap,
            "partitioner": "murmur2_random",
            "linger.ms": 20,
            "queue.buffering.max.messages": 1_000_000,
            "log_level": 0,
        }
        before = self._cpu_seconds()
        started = time.perf_counter()
        self._hop(Producer(settings)).seconds(commands, pause=0)
        seconds = time.perf_counter() - started
        after = self._cpu_seconds()
        taken = {name: (after[name] - before[name]) / len(commands) * 1e6 for name in after}
        return Flood(len(commands) / seconds, taken)

    def hop_times_ms(self, commands: list[Command]) -> dict[str, float]:
        """Where the time of placements goes: the median of each hop, by the broker's clock.

        A record has its time when it is appended, and is seen when its transaction ends: what a
        transaction takes to end is in the hop behind it.
        """
        topics = [HOPS[0][1], *(target for _, _, target in HOPS)]
        starts = {topic: self.broker.ends(topic) for topic in topics}
        self.saga_ms(commands)
        times = {topic: self.broker.times_by_cause(topic, starts[topic]) for topic in topics}
        placed = [c["command_id"].encode() for kind, c in commands if kind == "PlaceOrder"]
        return {
            name: median(times[target][cause] - times[source][cause] for cause in placed)
            for name, source, target in HOPS
        }

    def _hop(self, producer: Producer) -> Hop:
        by_account = partial(encoded, keyed_by="account_id")
        return Hop(producer, self.consumer, ORDERS_COMMANDS.name, by_account, _answered)

    def _cpu_seconds(self) -> dict[str, float]:
        for worker in self.workers.values():
            worker.require_alive()
        seconds = {stage: worker.cpu_seconds for stage, worker in self.workers.items()}
        return {**seconds, "broker": self.broker.cpu_seconds}


@contextlib.contextmanager
def exchange(run: Run) -> Iterator[SagaExchange]:
    """A running exchange with funded accounts and some orders in its books."""
    instruments = bench_instruments(run.folder)
    rules = run.folder / "instruments.json"
    accounts = [f"acct-{number:06d}" for number in range(run.size(ACCOUNTS, 20))]
    flow = PaidFlow(accounts)
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(BenchBroker(run.folder))
        broker.make_topics()
        workers = {
            stage: stack.enter_context(stage_worker(stage, broker.bootstrap, run.folder, rules))
            for stage in STAGES
        }
        for worker in workers.values():
            await_true(partial(_is_ready, worker), "the workers", seconds=_READY_SECONDS)
        stack.enter_context(_ticking(broker.bootstrap))
        _fund(broker, accounts, instruments)
        consumer = stack.enter_context(broker.consumer({"fetch.min.bytes": 1}))
        consumer.assign(
            [TopicPartition(ORDERS_EXECUTIONS.name, number, 0) for number in range(PARTITIONS)]
        )
        made = SagaExchange(run, broker, workers, flow, consumer)
        made.flood(flow.makers(run.size(2_000, 20)))
        yield made


def _answered(message: Message) -> bytes | None:
    # What waited for its order's reservation has the correlation id of that.
    _, record = decode(message.value() or b"")
    command_id: str | None = record.get("command_id")
    return None if command_id is None else command_id.encode()


def _is_ready(worker: Program) -> bool:
    worker.require_alive()
    return "ready with" in worker.log_text()


@contextlib.contextmanager
def _ticking(bootstrap: str) -> Iterator[None]:
    stop = threading.Event()
    clock = Clock(bootstrap, every_seconds=_TICK_SECONDS)
    thread = threading.Thread(target=clock.run, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _fund(broker: BenchBroker, accounts: list[str], instruments: dict[str, Instrument]) -> None:
    commands = list(funding(accounts, sorted(assets_of(instruments)), FUNDS_UNITS))
    records = (encoded(command, keyed_by="account_id") for command in commands)
    broker.fill(WALLET_COMMANDS.name, records)
    # An end counts the markers of transactions too, and echoes of the clock: so by what is there.
    await_true(
        lambda: (
            broker.end(WALLET_EVENTS.name) >= len(commands)
            and broker.content(WALLET_EVENTS.name).count >= len(commands)
        ),
        "the accounts' money",
    )


def measure(run: Run) -> list[Figure]:
    """Latency, where it goes, what goes through, and what each process takes for it."""
    saga: list[list[float]] = []
    one_hop: list[list[float]] = []
    hops: dict[str, list[float]] = {}
    alone: list[Flood] = []
    mixed: list[Flood] = []
    counted, flooded = run.size(600, 60), run.size(20_000, 200)
    run.say("starting a broker and three workers")
    with exchange(run) as made:
        flow = made.flow
        run.say("warming up")
        warm_up = [made.flood(flow.take(flooded)) for _ in range(run.size(WARM_UP_FLOODS, 1))]
        made.saga_ms(flow.take(PER_SECOND * run.size(WARM_UP_SECONDS, 1)))
        for number in range(run.rounds):
            where = f"round {number + 1} of {run.rounds}"
            run.say(f"the saga at {PER_SECOND}/s, {where}")
            made.saga_ms(flow.take(PER_SECOND))
            saga.append(percentiles(made.saga_ms(flow.take(counted))))
            run.say(f"one hop at {PER_SECOND}/s, {where}")
            one_hop.append(percentiles(made.one_hop_ms(flow.passing_orders(counted))))
            run.say(f"where the time goes, {where}")
            for name, ms in made.hop_times_ms(flow.take(counted // 2)).items():
                hops.setdefault(name, []).append(ms)
            run.say(f"all at once, {where}")
            mixed.append(made.flood(flow.take(flooded)))
            alone.append(made.flood(flow.orders(flooded)))
    sent = f"{flooded} at once, until the last is answered"
    return [
        *_latencies(saga, one_hop, counted),
        *(
            figure("saga", f"hop {number}: {name}", values, "ms", note="append to append, median")
            for number, (name, values) in enumerate(hops.items(), start=1)
        ),
        figure(
            "saga", "whole saga, sustained", [flood.per_second for flood in alone], "orders/s",
            goal=at_least(2_000), note=f"orders alone, without the mix's cancels; {sent}",
        ),
        figure(
            "saga", "the mix, sustained", [flood.per_second for flood in mixed], "commands/s",
            note=f"{flow.in_words()}; {sent}",
        ),
        *_processors(mixed, warm_up),
    ]  # fmt: skip


def _processors(floods: list[Flood], warm_up: list[Flood]) -> list[Figure]:
    """What each process takes for a command of the mix, beside what it took at first."""
    at_first = warm_up[-1].cpu_us
    return [
        figure(
            "saga", f"processor time, {name}", [flood.cpu_us[name] for flood in floods],
            "µs/command", beside=("at first", [us] * len(floods)),
            goal=Goal("ratio", "<=", 2) if name in STAGES else None,
            note=f"at first: the last of {len(warm_up)} floods before the rounds",
        )
        for name, us in at_first.items()
    ]  # fmt: skip


def _latencies(saga: list[list[float]], one_hop: list[list[float]], count: int) -> list[Figure]:
    goals: dict[int, Goal | None] = {50: at_most(40), 90: None, 99: at_most(150)}
    note = f"{count} commands a round, {PER_SECOND} a second; from just before one is sent"
    return [
        figure(
            "saga", f"command to report, p{percent}", [one[place] for one in saga], "ms",
            beside=("one hop", [one[place] for one in one_hop]), goal=goals[percent], note=note,
        )
        for place, percent in enumerate(PERCENTS)
    ]  # fmt: skip
