"""What carries a connection's bytes, and the way that every ASGI server offers."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from starlette.types import Send

FULL_BYTES = 64 * 1024
"""More than this in front of a client's socket, and the client counts as slow."""
_EMPTY_BYTES = FULL_BYTES // 4


class WireEvents(Protocol):
    """Whoever uses a wire; told on the event loop."""

    def on_writable(self) -> None:
        """The wire was full, and is no more."""

    def on_incoming(self) -> None:
        """The client has sent a frame that is no message: a ping or a pong."""

    def on_lost(self) -> None:
        """The client is gone."""


class Wire(Protocol):
    """The way to one client; for the event loop."""

    is_framed: bool
    """Whether it takes WebSocket frames rather than their payloads."""
    is_full: bool
    """Whether more waits in front of the socket than should."""

    def attach(self, events: WireEvents) -> None:
        """Say who is told of what happens."""

    def write(self, parts: Sequence[bytes]) -> None:
        """Send these, in their order, behind what was written before; never waits."""

    def end(self, code: int, reason: str) -> None:
        """Close behind what was written, and break off what does not read."""


async def first_of(*coroutines: Coroutine[Any, Any, object]) -> None:
    """Run these until the first one ends; raises what it has raised."""
    tasks = [asyncio.create_task(each) for each in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class AsgiWire:
    """A wire over plain ASGI: a queue, and a task that sends one message after the other."""

    is_framed = False

    def __init__(self, send: Send, *, close_seconds: float) -> None:
        self._send = send
        self._close_seconds = close_seconds
        self._parts: deque[bytes] = deque()
        self._size = 0
        self._wake = asyncio.Event()
        self._closing: tuple[int, str] | None = None
        self._on_writable: Callable[[], None] = lambda: None
        self._ended = asyncio.Event()
        self.is_full = False

    def attach(self, events: WireEvents) -> None:
        """Say who is told when the queue is short again."""
        self._on_writable = events.on_writable

    def write(self, parts: Sequence[bytes]) -> None:
        """Append to the queue."""
        if self._closing is not None:
            return
        self._parts.extend(parts)
        self._size += sum(map(len, parts))
        self.is_full = self._size > FULL_BYTES
        self._wake.set()

    def end(self, code: int, reason: str) -> None:
        """Send what is in the queue, then close."""
        if self._closing is None:
            self._closing = code, reason
            self._wake.set()
            asyncio.get_running_loop().call_later(self._close_seconds, self._ended.set)

    async def run(self) -> None:
        """Send until the end; then the connection is closed, or does not read any more."""
        await first_of(self._send_all(), self._ended.wait())

    async def _send_all(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._parts:
                data = self._parts.popleft()
                await self._send({"type": "websocket.send", "text": data.decode()})
                self._size -= len(data)
                if self.is_full and self._size <= _EMPTY_BYTES:
                    self.is_full = False
                    self._on_writable()
            if self._closing is not None:
                code, reason = self._closing
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
                return
