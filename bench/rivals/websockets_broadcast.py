"""A bare broadcast by the library websockets: messages at a pace to all who are connected.

It begins when BENCH_CLIENTS are there, and prints the processor time of all messages but the first
BENCH_WARM_UP, from before one is encoded until the buffers of all clients are empty.
"""

import asyncio
import json
import os
import signal
import time

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

LISTENING = "broadcast at "
TAKEN = "processor seconds "


async def _run() -> None:
    clients = int(os.environ["BENCH_CLIENTS"])
    warm_up, counted = int(os.environ["BENCH_WARM_UP"]), int(os.environ["BENCH_COUNT"])
    pause = 1 / float(os.environ["BENCH_PER_SECOND"])
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

    async def keep(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async with serve(keep, "127.0.0.1", 0, compression=None, backlog=1024) as server:
        host, port = server.sockets[0].getsockname()[:2]
        print(f"{LISTENING}{host}:{port}", flush=True)
        while len(server.connections) < clients and not stop.is_set():
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        due, started = time.perf_counter(), 0.0
        for number in range(1, warm_up + counted + 1):
            if number == warm_up + 1:
                started = time.process_time()
            due += pause
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            broadcast(server.connections, json.dumps(_trade(number), separators=(",", ":")))
        while any(each.transport.get_write_buffer_size() for each in server.connections):
            await asyncio.sleep(0.01)
        print(f"{TAKEN}{time.process_time() - started}", flush=True)
        await stop.wait()


def _trade(number: int) -> dict[str, object]:
    """As a trade of the gateway's stream."""
    now_ms = time.time_ns() // 1_000_000
    return {
        "e": "trade",
        "E": now_ms,
        "s": "BTCUSDT",
        "t": number,
        "p": f"{10_000 + number % 10}.00000000",
        "q": "0.00100000",
        "T": now_ms,
        "m": number % 2 == 0,
        "M": True,
    }


if __name__ == "__main__":
    uvloop.run(_run())
