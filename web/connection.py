"""One WebSocket of a client: what is sent to it waits in a queue with an end.

Whoever sends never waits for the client.  A client that does not read for so long that the queue
is full is closed with a reason, and costs no other client anything.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from starlette.websockets import WebSocket, WebSocketDisconnect

MESSAGES_MAX = 1_000
CHARACTERS_MAX = 4 * 1024 * 1024
_ANSWERS_CHARACTERS = 256 * 1024
"""Answers wait while more than this is on its way: who asks for much has to read it."""
CLOSE_SECONDS = 5.0
"""How long a client may take to read the reason for which it is closed."""

GOING_AWAY = 1001
POLICY = 1008
TOO_SLOW = "Too slow: what was sent was not read. Connect again and read faster."


class Connection:
    """Texts to and from one client, over a WebSocket that was accepted."""

    def __init__(
        self,
        websocket: WebSocket,
        *,
        messages_max: int = MESSAGES_MAX,
        characters_max: int = CHARACTERS_MAX,
        close_seconds: float = CLOSE_SECONDS,
    ) -> None:
        self.on_closing: Callable[[], None] = lambda: None
        """Called once, when nothing more is to be sent."""
        self._websocket = websocket
        self._messages_max = messages_max
        self._characters_max = characters_max
        self._close_seconds = close_seconds
        self._waiting: deque[str] = deque()
        self._characters = 0
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._closing: tuple[int, str] | None = None
        self._writer: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """The client's address, as far as it is known."""
        return self._websocket.client.host if self._websocket.client else ""

    @property
    def is_closing(self) -> bool:
        """Whether nothing more is sent."""
        return self._closing is not None

    def send(self, text: str) -> None:
        """Send it when its turn comes; a client that is too slow is closed instead."""
        if self._closing is not None:
            return
        self._waiting.append(text)
        self._characters += len(text)
        self._news.set()
        if len(self._waiting) > self._messages_max or self._characters > self._characters_max:
            self._waiting.clear()
            self._characters = 0
            self.close(POLICY, TOO_SLOW)

    async def send_answer(self, text: str) -> None:
        """Send what the client has asked for, once it has read most of what came before."""
        while self._characters > _ANSWERS_CHARACTERS and self._closing is None:
            self._room.clear()
            await self._room.wait()
        self.send(text)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close behind all that was sent so far; the first reason counts."""
        if self._closing is not None:
            return
        self._closing = code, reason
        self._news.set()
        self._room.set()
        self.on_closing()
        if self._writer is not None:
            asyncio.get_running_loop().call_later(self._close_seconds, self._writer.cancel)

    async def run(self, on_message: Callable[[str | bytes], Awaitable[None]]) -> None:
        """Hand over what comes, until one of the two has closed.

        While ``on_message`` works nothing further is read.
        """
        reader = asyncio.create_task(self._read(on_message))
        self._writer = writer = asyncio.create_task(self._write())
        try:
            await asyncio.wait((reader, writer), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.close(GOING_AWAY)
            reader.cancel()
            writer.cancel()
            done = await asyncio.gather(reader, writer, return_exceptions=True)
        for outcome in done:
            if isinstance(outcome, Exception) and not isinstance(outcome, WebSocketDisconnect):
                raise outcome

    async def _read(self, on_message: Callable[[str | bytes], Awaitable[None]]) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] != "websocket.receive":
                return
            text = message.get("text")
            await on_message(message["bytes"] if text is None else text)

    async def _write(self) -> None:
        waiting, send_text = self._waiting, self._websocket.send_text
        while True:
            await self._news.wait()
            self._news.clear()
            while waiting:
                text = waiting.popleft()
                await send_text(text)
                # It may have been emptied meanwhile.
                self._characters = max(0, self._characters - len(text)) if waiting else 0
                if self._characters <= _ANSWERS_CHARACTERS:
                    self._room.set()
            if self._closing is not None:
                await self._websocket.close(*self._closing)
                return
