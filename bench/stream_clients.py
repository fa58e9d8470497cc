"""Many clients of one WebSocket address, in a process of their own, and what they received.

They do as little as a client can: each frame's payload is looked up among those that were seen, and
the time of its arrival is noted.  `python -m bench.stream_clients HOST PORT PATH COUNT FILE`
"""

import asyncio
import json
import signal
import sys
import time
from array import array
from pathlib import Path
from typing import Any

import uvloop

from bench.process import Program

CONNECTED = "all are connected"
_AT_ONCE = 50
_TEXT, _PING = 0x81, 0x89


class _Client(asyncio.Protocol):
    def __init__(self, request: bytes, arrivals: dict[bytes, "array[int]"]) -> None:
        self._request = request
        self._arrivals = arrivals
        self._buffer = b""
        self._transport: Any = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        """Ask for the stream."""
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Take what is whole, and keep what is not."""
        now = time.time_ns() // 1_000
        buffer = self._buffer + data if self._buffer else data
        if not self.opened.done():
            head, found, rest = buffer.partition(b"\r\n\r\n")
            self._buffer = b"" if found else buffer
            if not found:
                return
            if b" 101 " not in head:
                self.opened.set_exception(ConnectionError(head.decode(errors="replace")))
                return
            self.opened.set_result(None)
            buffer = rest
        self._buffer = self._take(buffer, now)

    def _take(self, buffer: bytes, now: int) -> bytes:
        at, size = 0, len(buffer)
        while size - at >= 2:
            length, begins = buffer[at + 1], at + 2
            if length == 126:
                if size - at < 4:
                    break
                length, begins = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            if size < begins + length:
                break
            payload = buffer[begins : begins + length]
            if buffer[at] == _TEXT:
                arrivals = self._arrivals.get(payload)
                if arrivals is None:
                    arrivals = self._arrivals[payload] = array("q")
                arrivals.append(now)
            elif buffer[at] == _PING:
                self._transport.write(bytes((0x8A, 0x80 | length, 0, 0, 0, 0)) + payload)
            at = begins + length
        return buffer[at:]


async def _run(host: str, port: int, path: str, count: int, report: Path) -> None:
    loop = asyncio.get_running_loop()
    stop, tell = asyncio.Event(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, tell.set)
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()
    arrivals: dict[bytes, array[int]] = {}

    async def open_one() -> None:
        _, client = await loop.create_connection(lambda: _Client(request, arrivals), host, port)
        await client.opened

    for begin in range(0, count, _AT_ONCE):
        await asyncio.gather(*(open_one() for _ in range(min(_AT_ONCE, count - begin))))
    print(CONNECTED, flush=True)
    told = 0
    while not stop.is_set():
        # How far they are, for whoever waits until they have everything.
        received = sum(map(len, arrivals.values()))
        if received != told:
            told = received
            print(f"received {told}", flush=True)
        if tell.is_set():
            tell.clear()
            seen = {payload.decode(): list(times) for payload, times in arrivals.items()}
            partly = report.with_suffix(".part")
            partly.write_text(json.dumps(seen))
            partly.rename(report)
        await asyncio.sleep(0.2)


class StreamClients(Program):
    """The process with the clients."""

    def __init__(self, address: str, path: str, count: int, folder: Path, name: str) -> None:
        host, _, port = address.partition(":")
        self._report = folder / f"{name}.json"
        command = [sys.executable, "-m", "bench.stream_clients", host, port, path]
        log = folder / f"{name}.log"
        super().__init__([*command, str(count), str(self._report)], told={}, log=log)

    @property
    def is_connected(self) -> bool:
        """Whether all clients are."""
        self.require_alive()
        return CONNECTED in self.log_text()

    @property
    def received(self) -> int:
        """How many messages all of them have received together."""
        self.require_alive()
        last = self.log_text().rstrip().rpartition("received ")[2]
        return int(last) if last.isdigit() else 0

    @property
    def arrivals_us(self) -> dict[str, list[int]] | None:
        """When each message arrived, at each client, µs since the epoch; None: ask again."""
        if not self._report.exists():
            self._process.send_signal(signal.SIGUSR1)
            return None
        seen: dict[str, list[int]] = json.loads(self._report.read_text())
        return seen


if __name__ == "__main__":
    _host, _port, _path, _count, _file = sys.argv[1:]
    uvloop.run(_run(_host, int(_port), _path, int(_count), Path(_file)))
