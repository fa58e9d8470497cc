"""Requests over HTTP/1.1, as many as a server answers: connections that are never idle."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import uvloop

from tradeflow.errors import TradeflowError

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "
_OK = b"HTTP/1.1 200"


class _Asking(asyncio.Protocol):
    """Asks the same again as soon as it is answered; bodies are counted, not kept."""

    def __init__(self, request: bytes, on_answer: Callable[[], None]) -> None:
        self._request = request
        self._on_answer = on_answer
        self._head = b""
        self._missing = 0
        self._transport: Any = None
        self.fault = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = transport
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Count the body; ask again when it is there."""
        if self._missing:
            self._missing -= len(data)
        else:
            self._head += data
            end = self._head.find(_HEAD_END)
            if end < 0:
                return
            if not self._head.startswith(_OK):
                self._stop(self._head.split(b"\r\n", 1)[0].decode("latin-1"))
                return
            start = self._head.index(_LENGTH) + len(_LENGTH)
            length = int(self._head[start : self._head.index(b"\r", start)])
            self._missing = length - (len(self._head) - end - len(_HEAD_END))
            self._head = b""
        if self._missing <= 0:
            self._on_answer()
            self._transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        """The server went away."""
        self.fault = self.fault or str(exc or "")

    def close(self) -> None:
        """Ask no more."""
        if self._transport is not None:
            self._transport.abort()

    def _stop(self, fault: str) -> None:
        self.fault = fault
        self.close()


def requests_a_second(address: str, path: str, *, connections: int, seconds: float) -> float:
    """How many requests for a path are answered with 200 a second, once all connections are warm.

    Raises:
        TradeflowError: one was answered with something else.
    """
    return uvloop.run(_ask(address, path, connections, seconds))


async def _ask(address: str, path: str, connections: int, seconds: float) -> float:
    host, _, port = address.rpartition(":")
    loop = asyncio.get_running_loop()
    count = 0

    def note() -> None:
        nonlocal count
        count += 1

    request = f"GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: */*\r\n\r\n".encode()
    asking = [_Asking(request, note) for _ in range(connections)]
    for each in asking:
        await loop.create_connection(lambda each=each: each, host, int(port))  # type: ignore[misc]
    await asyncio.sleep(seconds / 5)
    before, started = count, time.perf_counter()
    await asyncio.sleep(seconds)
    rate = (count - before) / (time.perf_counter() - started)
    faults = {each.fault for each in asking} - {""}
    for each in asking:
        each.close()
    if faults or not rate:
        raise TradeflowError(f"{path} was answered with: {', '.join(faults) or 'nothing'}")
    return rate
