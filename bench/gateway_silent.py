"""A thousand WebSocket clients of whom twenty do not read: what the others notice of them.

The twenty ask for states only, of which the newest replaces what waits: they are slow for as long
as they are there, and are never sent away.
"""

import contextlib
import socket
import urllib.request
from collections.abc import Iterator
from statistics import quantiles

from bench.figure import Figure, figure
from bench.flow import SYMBOLS, Flow, bench_instruments
from bench.gateway_streams import PER_SECOND, Scene, scene_of
from bench.run import Run
from tradeflow.errors import TradeflowError

CLIENTS = 1_000
SILENT = 20
_LUMP = 500
_LUMPS_MAX = 40
_STREAMS = ("@depth20@100ms", "@depth5@100ms", "@bookTicker")
_PATH = "/stream?streams=" + "/".join(
    f"{symbol.lower()}{stream}" for symbol in SYMBOLS for stream in _STREAMS
)


def measure(run: Run) -> list[Figure]:
    """Latency of the others beside that of as many where everybody reads."""
    silent, others = run.size(SILENT, 2), run.size(CLIENTS - SILENT, 20)
    with_them, without = [], []
    flow = Flow(bench_instruments(run.folder), resting=run.size(2_000, 100), accounts=100)
    # Slow they shall be, and not dead.
    with scene_of(run, others, TRADEFLOW_GATEWAY_PONG_SECONDS="3600") as scene:
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
                _require_slow(scene.address, run)
    return [
        figure(
            "gateway_silent", f"trade to {others} clients beside {silent} that do not read, p99",
            with_them, "ms", beside=("without these", without),
            note=f"{PER_SECOND} commands a second; from its record's time in the log to each client"
            f" that reads; the others ask for {', '.join(_STREAMS)} of each symbol; matching,"
            " broker, gateway and clients on the machine's cores",
        )
    ]  # fmt: skip


def _p99(scene: Scene, flow: Flow, run: Run, name: str) -> float:
    told = scene.latencies_ms(flow.take(run.size(2_000, 100)), name)
    return quantiles(told, n=100)[98]


def _let_them_fall_behind(scene: Scene, flow: Flow, run: Run) -> None:
    """Trade until something waits for clients that do not read."""
    for _ in range(run.size(_LUMPS_MAX, 1)):
        scene.pace(flow.take(run.size(_LUMP, 20)))
        if _gauge(scene.address, "queued_bytes") > 0:
            return
    _require_slow(scene.address, run)


def _require_slow(address: str, run: Run) -> None:
    """What was measured beside clients that were sent away, or are not slow, is not this."""
    is_slow = _gauge(address, "queued_bytes") > 0 and _gauge(address, "too_slow") == 0
    if not is_slow and not run.is_quick:
        raise TradeflowError("the clients that do not read are not slow", remedy="run it again")


def _gauge(address: str, name: str) -> float:
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    begins = f"tradeflow_gateway_websocket_{name} "
    return float(next(line.removeprefix(begins) for line in lines if line.startswith(begins)))


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
            said = client.recv(12)
            if said != b"HTTP/1.1 101":
                raise TradeflowError(f"a client was not let in: {said!r}", remedy="see the log")
        yield
