"""The gateway's streams: a trade until all clients have it, and what a message to each costs.

Latency: the whole way from matching's transaction, whose records the broker stamps, through the log
and the gateway to 500 clients.  Cost: processor time of the gateway, the reading of the log and all
else included, beside a bare broadcast by the library websockets to as many clients at the same
pace.
"""

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from bench.figure import Figure, at_most, figure, times
from bench.flow import SYMBOLS, Command, Flow, bench_instruments
from bench.gateway import running_gateway, said
from bench.gateway_process import READY
from bench.hop import producer_at_once
from bench.kafka import PARTITIONS, BenchBroker, await_true, encoded
from bench.process import Program, matching_worker
from bench.rivals.websockets_broadcast import LISTENING, TAKEN
from bench.run import Run
from bench.stream_clients import StreamClients
from schemas.codec import decode, encode
from schemas.partitioning import partition_of
from schemas.topics import ORDERS_EXECUTIONS, ORDERS_INCOMING, TRADES

CLIENTS = 500
PER_SECOND = 100
"""Commands where latency is measured, messages where their cost is."""
_WAIT_SECONDS = 120
_SYMBOL = SYMBOLS[0]


@dataclass
class Scene:
    """A broker, matching and a gateway."""

    run: Run
    broker: BenchBroker
    gateway: Program
    address: str
    clients: int
    number: int = 0
    """Trades that were made up so far."""

    def latencies_ms(self, commands: list[Command], name: str) -> list[float]:
        """Of each trade of these commands at each client."""
        path = "/stream?streams=" + "/".join(f"{symbol.lower()}@trade" for symbol in SYMBOLS)
        with self._connected(path, name) as clients:
            starts = self.broker.ends(TRADES.name)
            self.pace(commands)
            appended = self._appended_ms(starts)
            await_true(
                lambda: clients.received == len(appended) * self.clients,
                "all trades",
                seconds=_WAIT_SECONDS,
            )
            arrivals = self._arrivals(clients)
        return [
            at / 1_000 - appended[data["s"], data["t"]]
            for text, all_at in arrivals.items()
            for data in [json.loads(text)["data"]]
            for at in all_at
        ]

    def pace(self, commands: list[Command]) -> None:
        """PER_SECOND of them, until the last one is answered."""
        producer = producer_at_once(self.broker)
        due = time.perf_counter()
        for command in commands:
            due += 1 / PER_SECOND
            time.sleep(max(0.0, due - time.perf_counter()))
            producer.produce(ORDERS_INCOMING.name, **encoded(command))
            producer.poll(0)
        producer.flush(10)
        self.await_answer(commands[-1])

    def flood(self, commands: list[Command]) -> None:
        """All at once, until the last one is answered."""
        self.broker.preload(ORDERS_INCOMING.name, commands)
        self.await_answer(commands[-1])

    def await_answer(self, command: Command) -> None:
        """Wait until matching has reported on a command; by then its trades are committed."""
        wanted = command[1]["command_id"].encode()
        starts = dict.fromkeys(range(PARTITIONS), 0)
        await_true(
            lambda: wanted in self.broker.times_by_cause(ORDERS_EXECUTIONS.name, starts),
            "matching's answer",
            seconds=_WAIT_SECONDS,
            every=0.5,
        )

    def cpu_us(self, warm_up: int, count: int, name: str) -> float:
        """Processor time of the gateway for one message to one client."""
        with self._connected(f"/ws/{_SYMBOL.lower()}@trade", name) as clients:
            self._trade(warm_up)
            await_true(
                lambda: clients.received == warm_up * self.clients,
                "the first trades",
                seconds=_WAIT_SECONDS,
            )
            before = self.gateway.cpu_seconds
            self._trade(count)
            await_true(
                lambda: clients.received == (warm_up + count) * self.clients,
                "all trades",
                seconds=_WAIT_SECONDS,
            )
            taken = self.gateway.cpu_seconds - before
        self.gateway.require_alive()
        return taken * 1e6 / (count * self.clients)

    @contextlib.contextmanager
    def _connected(self, path: str, name: str) -> Iterator[StreamClients]:
        with StreamClients(self.address, path, self.clients, self.run.folder, name) as clients:
            await_true(lambda: clients.is_connected, "the clients", seconds=_WAIT_SECONDS)
            yield clients

    def _trade(self, count: int) -> None:
        producer = producer_at_once(self.broker)
        key = _SYMBOL.encode()
        due = time.perf_counter()
        for _ in range(count):
            due += 1 / PER_SECOND
            time.sleep(max(0.0, due - time.perf_counter()))
            self.number += 1
            value = encode("Trade", _trade(self.number))
            producer.produce(TRADES.name, value, key, partition_of(key, PARTITIONS))
            producer.poll(0)
        producer.flush(10)

    def _appended_ms(self, starts: dict[int, int]) -> dict[tuple[str, int], int]:
        """When each trade was appended, by symbol and id."""
        found = {}
        for message in self.broker.read(TRADES.name, starts):
            kind, record = decode(message.value() or b"")
            if kind == "Trade":
                found[record["symbol"], record["trade_id"]] = message.timestamp()[1]
        return found

    def _arrivals(self, clients: StreamClients) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}

        def is_there() -> bool:
            found.update(clients.arrivals_us or {})
            return bool(found)

        await_true(is_there, "the clients' report", every=0.5)
        return found


def measure(run: Run) -> list[Figure]:
    """Latency, and messages a second of one core beside the bare broadcast."""
    clients = run.size(CLIENTS, 20)
    warm_up, count = run.size(300, 20), run.size(1_000, 50)
    latencies, mine, bare = [], [], []
    flow = Flow(bench_instruments(run.folder), resting=run.size(2_000, 100), accounts=100)
    with scene_of(run, clients) as scene:
        run.say("warming up")
        scene.flood(flow.fill())
        scene.flood(flow.take(run.size(3_000, 50)))
        scene.latencies_ms(flow.take(warm_up), "warm-up")
        for number in range(run.rounds):
            where = f"round {number + 1} of {run.rounds}"
            run.say(f"trades to {clients} clients, {where}")
            told = scene.latencies_ms(flow.take(run.size(2_000, 100)), f"latency-{number}")
            latencies.append(quantiles(told, n=100))
        for number in range(run.rounds):
            where = f"round {number + 1} of {run.rounds}"
            run.say(f"the cost of a message, {where}")
            mine.append(1e6 / scene.cpu_us(warm_up, count, f"gateway-{number}"))
            run.say(f"the cost of a message of a bare broadcast, {where}")
            bare.append(1e6 / _bare_cpu_us(run, clients, warm_up, count, f"bare-{number}"))
    return [
        *(
            figure(
                "gateway_streams", f"trade to {clients} clients, p{percent}",
                [cuts[percent - 1] for cuts in latencies], "ms",
                goal=at_most(150) if percent == 99 else None,
                note=f"{PER_SECOND} commands a second, {flow.in_words()}; from its record's time in"
                " the log to each client; matching, broker, gateway and clients on the machine's"
                " cores",
            )
            for percent in (50, 99)
        ),
        figure(
            "gateway_streams", "messages sent per second and core", mine, "messages/s",
            beside=("bare websockets broadcast", bare), goal=times(0.5),
            note=f"{count} trades to {clients} clients, {PER_SECOND} a second; processor time of"
            " the sending process, the gateway's with the log read and each trade encoded; both on"
            " uvloop",
        ),
    ]  # fmt: skip


@contextlib.contextmanager
def scene_of(run: Run, clients: int, **settings: str) -> Iterator[Scene]:
    """Set up for so many clients at once; ``settings`` are the gateway's."""
    instruments = run.folder / "instruments.json"
    with BenchBroker(run.folder) as broker:
        run.say("starting a broker, matching and a gateway")
        broker.make_topics()
        with (
            matching_worker(broker.bootstrap, run.folder, instruments) as worker,
            running_gateway(broker.bootstrap, run.folder, instruments, **settings) as gateway,
        ):
            await_true(lambda: "ready with" in worker.log_text(), "matching")
            yield Scene(run, broker, gateway, said(gateway, READY), clients)


def _bare_cpu_us(run: Run, clients: int, warm_up: int, count: int, name: str) -> float:
    told = {
        "BENCH_CLIENTS": str(clients),
        "BENCH_WARM_UP": str(warm_up),
        "BENCH_COUNT": str(count),
        "BENCH_PER_SECOND": str(PER_SECOND),
    }
    command = [sys.executable, "-m", "bench.rivals.websockets_broadcast"]
    with Program(command, told=told, log=run.folder / f"{name}-server.log") as server:
        address = said(server, LISTENING)
        with StreamClients(address, "/", clients, run.folder, name) as receiving:
            await_true(
                lambda: receiving.received == (warm_up + count) * clients,
                "all messages",
                seconds=_WAIT_SECONDS,
            )
            taken = float(said(server, TAKEN))
    return taken * 1e6 / (count * clients)


def _trade(number: int) -> dict[str, Any]:
    return {
        # Behind what matching has made.
        "trade_id": 1_000_000_000 + number,
        "symbol": _SYMBOL,
        "price_ticks": 1_000_000 + number % 10,
        "quantity_lots": 100,
        "quote_units": 1,
        "buyer_order_id": number,
        "seller_order_id": number,
        "is_buyer_maker": number % 2 == 0,
        "command_id": f"c{number}",
        "time_ms": time.time_ns() // 1_000_000,
    }
