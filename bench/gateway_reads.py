"""Market data over REST: requests a second of one process, beside a bare Starlette «hello».

The market lives meanwhile: its book changes a hundred times a second, and something is traded
twenty-five times.  Connections never wait between two requests, and belong to another process.
"""

import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from confluent_kafka import Producer

from bench.figure import Figure, at_least, figure, times
from bench.gateway import running_gateway, said
from bench.gateway_process import READY
from bench.hop import producer_at_once
from bench.http_load import requests_a_second
from bench.kafka import PARTITIONS, BenchBroker
from bench.living_market import SYMBOL, LivingMarket, Told
from bench.process import Program
from bench.rivals.starlette_hello import LISTENING, PATH
from bench.run import Run
from schemas.codec import encode
from schemas.instruments import DEFAULT_FILE
from schemas.partitioning import partition_of

_CONNECTIONS = 16
_ROUND_SECONDS = 0.01
"""Between two changes of the book."""
_ASKED = {
    "depth, 100 levels": f"/api/v3/depth?symbol={SYMBOL}&limit=100",
    "24 h ticker": f"/api/v3/ticker/24hr?symbol={SYMBOL}",
    "klines, 500": f"/api/v3/klines?symbol={SYMBOL}&interval=1m&limit=500",
    "book ticker": f"/api/v3/ticker/bookTicker?symbol={SYMBOL}",
}
_HELLO = "Starlette, hello"


def measure(run: Run) -> list[Figure]:
    """Requests a second by endpoint."""
    rates: dict[str, list[float]] = defaultdict(list)
    costs: dict[str, list[float]] = defaultdict(list)
    seconds = run.size(3_000, 200) / 1_000
    with _servers(run) as servers:
        for number in range(run.rounds):
            for name, path in {_HELLO: PATH, **_ASKED}.items():
                run.say(f"{name}, round {number + 1} of {run.rounds}")
                server, address = servers[name == _HELLO]
                before = server.cpu_seconds
                rate = requests_a_second(address, path, connections=_CONNECTIONS, seconds=seconds)
                rates[name].append(rate)
                # Warming up is a fifth of it.
                costs[name].append((server.cpu_seconds - before) / (rate * seconds * 1.2) * 1e6)
    figures = []
    for name in _ASKED:
        figures += [
            figure("gateway_reads", name, rates[name], "requests/s", goal=at_least(2_000)),
            figure(
                "gateway_reads", f"{name}, beside hello", rates[name], "requests/s",
                beside=(_HELLO, rates[_HELLO]), goal=times(0.3),
            ),
            figure(
                "gateway_reads", f"{name}, processor time", costs[name], "µs/request",
                beside=(_HELLO, costs[_HELLO]), note="of the serving process",
            ),
        ]  # fmt: skip
    return figures


@contextmanager
def _servers(run: Run) -> Iterator[tuple[tuple[Program, str], tuple[Program, str]]]:
    """The gateway over a living market, and «hello», each with its address."""
    hello = [sys.executable, "-m", "bench.rivals.starlette_hello"]
    with ExitStack() as running:
        run.say("starting a broker and a gateway")
        broker = running.enter_context(BenchBroker(run.folder))
        broker.make_topics()
        market, producer = LivingMarket(), producer_at_once(broker)
        _tell(producer, market.past(_now_ms()))
        producer.flush(30)
        gateway = running.enter_context(running_gateway(broker.bootstrap, run.folder, DEFAULT_FILE))
        bare = running.enter_context(Program(hello, told={}, log=run.folder / "hello.log"))
        running.enter_context(_living(producer, market))
        yield (gateway, said(gateway, READY)), (bare, said(bare, LISTENING))


@contextmanager
def _living(producer: Producer, market: LivingMarket) -> Iterator[None]:
    stop = threading.Event()

    def live() -> None:
        number = 0
        while not stop.wait(_ROUND_SECONDS):
            number += 1
            _tell(producer, market.round(number, _now_ms()))

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _tell(producer: Producer, told: Iterable[Told]) -> None:
    key = SYMBOL.encode()
    for topic, name, record in told:
        producer.produce(topic.name, encode(name, record), key, partition_of(key, PARTITIONS))
        producer.poll(0)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
