"""A thousand WebSocket clients of whom twenty do not read: what the others notice of them."""

import contextlib
import socket
import urllib.request
from collections.abc import Iterator
from statistics import quantiles

from bench.figure import Figure, figure
from bench.flow import SYMBOLS, Flow, bench_instruments
from bench.gateway_streams import PER_SECOND, Scene, scene_of
from bench.run import Run

CLIENTS = 1_000
SILENT = 20
_QUEUE_BYTES = 64 * 1024
"""What may wait for a client; as small as this they are slow soon."""
_BURST = 3_000
_BURSTS_MAX = 20
_STREAMS = ("@depth20@100ms", "@depth@100ms", "@depth5@100ms", "@trade", "@aggTrade", "@bookTicker")
_PATH = "/stream?streams=" + "/".join(
    f"{symbol.lower()}{stream}" for symbol in SYMBOLS for stream in _STREAMS
)


def measure(run: Run) -> list[Figure]:
    """Latency of the others beside that of as many where everybody reads."""
    silent, others = run.size(SILENT, 2), run.size(CLIENTS - SILENT, 20)
    with_them, without = [], []
    flow = Flow(bench_instruments(run.folder), resting=run.size(2_000, 100), accounts=100)
    settings = {
        "TRADEFLOW_GATEWAY_CONNECTION_QUEUE_BYTES": str(_QUEUE_BYTES),
        # Slow they shall be, and not dead.
        "TRADEFLOW_GATEWAY_PONG_SECONDS": "600",
        "TRADEFLOW_GATEWAY_CLOSE_SECONDS": "600",
    }
    with scene_of(run, others, **settings) as scene:
        run.say("warming up")
        scene.flood(flow.fill())
        scene.latencies_ms(flow.take(run.size(500, 20)), "warm-up")
        for number in range(run.rounds):
            where = f"round {number + 1} of {run.rounds}"
            run.say(f"{others} clients, {where}")
            without.append(_p99(scene, flow, run, f"without-{number}"))
            with _silent_clients(scene.address, silent):
                run.say(f"until {silent} more are slow, {where}")
                _let_them_fall_behind(scene, flow, run)
                run.say(f"{others} clients beside {silent} that do not read, {where}")
                with_them.append(_p99(scene, flow, run, f"with-{number}"))
    return [
        figure(
            "gateway_silent", f"trade to {others} clients beside {silent} that do not read, p99",
            with_them, "ms", beside=("without these", without),
            note=f"{PER_SECOND} commands a second; from its record's time in the log to each client"
            f" that reads; the others ask for {len(_STREAMS)} streams of each symbol, and"
            f" {_QUEUE_BYTES // 1024} KiB may wait for each; matching, broker, gateway and clients"
            " on the machine's cores",
        )
    ]  # fmt: skip


def _p99(scene: Scene, flow: Flow, run: Run, name: str) -> float:
    told = scene.latencies_ms(flow.take(run.size(2_000, 100)), name)
    return quantiles(told, n=100)[98]


def _let_them_fall_behind(scene: Scene, flow: Flow, run: Run) -> None:
    """Trade until something waits for clients that do not read."""
    for _ in range(run.size(_BURSTS_MAX, 1)):
        scene.flood(flow.take(run.size(_BURST, 20)))
        if _queued_bytes(scene.address) > _QUEUE_BYTES:
            return


def _queued_bytes(address: str) -> float:
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    name = "tradeflow_gateway_websocket_queued_bytes "
    return float(next(line.removeprefix(name) for line in lines if line.startswith(name)))


@contextlib.contextmanager
def _silent_clients(address: str, count: int) -> Iterator[None]:
    host, _, port = address.partition(":")
    request = (
        f"GET {_PATH} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            client = stack.enter_context(contextlib.closing(socket.socket()))
            # Before it connects, or its window is large already.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            client.connect((host, int(port)))
            client.sendall(request)
        yield
