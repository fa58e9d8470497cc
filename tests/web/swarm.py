"""Many clients that read all they are told, on one event loop of a thread."""

import asyncio
import json
import struct
import threading
from collections.abc import Callable
from typing import Any

from tests.chaos.exchange import await_condition

_TEXT, _CLOSE, _PING = 0x1, 0x8, 0x9
_AT_ONCE = 50


class SwarmClient(asyncio.Protocol):
    """Hands each message on, and answers pings."""

    def __init__(self, host: str, path: str, on_message: Callable[[Any], None]) -> None:
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n"
        ).encode()
        self._on_message = on_message
        self._buffer = bytearray()
        self._transport: Any = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_closed = False
        self.received_bytes = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self.received_bytes += len(data)
        self._buffer += data
        if not self.opened.done():
            head, found, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not found:
                return
            assert b" 101 " in head, head
            self._buffer = bytearray(rest)
            self.opened.set_result(None)
        while self._take_frame():
            pass

    def connection_lost(self, _error: Exception | None) -> None:
        self.is_closed = True

    def close(self) -> None:
        self._transport.abort()

    def _take_frame(self) -> bool:
        buffer = self._buffer
        if len(buffer) < 4:
            return False
        length, begins = buffer[1], 2
        if length == 126:
            (length,) = struct.unpack_from("!H", buffer, 2)
            begins = 4
        elif length == 127:
            if len(buffer) < 10:
                return False
            (length,) = struct.unpack_from("!Q", buffer, 2)
            begins = 10
        if len(buffer) < begins + length:
            return False
        payload = bytes(buffer[begins : begins + length])
        opcode = buffer[0] & 0x0F
        del buffer[: begins + length]
        if opcode == _TEXT:
            self._on_message(json.loads(payload))
        elif opcode == _PING:
            # Masked with zeros: a client's frames have to have a mask.
            self._transport.write(bytes((0x8A, 0x80 | length, 0, 0, 0, 0)) + payload)
        elif opcode == _CLOSE:
            self.is_closed = True
        return True


class Swarm:
    """Clients of one gateway."""

    def __init__(self, address: str) -> None:
        self._host, _, port = address.partition(":")
        self._port = int(port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="swarm")
        self.clients: list[SwarmClient] = []

    def __enter__(self) -> "Swarm":
        self._thread.start()
        return self

    def __exit__(self, *_about: object) -> None:
        for client in self.clients:
            self._loop.call_soon_threadsafe(client.close)
        await_condition(lambda: all(each.is_closed for each in self.clients), "all to be closed")
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def connect(self, count: int, path: str, listener: Callable[[int], Any]) -> list[SwarmClient]:
        """Connect so many; ``listener`` makes what each client's messages are handed to."""
        connecting = self._connect(count, path, listener)
        clients = asyncio.run_coroutine_threadsafe(connecting, self._loop).result(120)
        self.clients += clients
        return clients

    async def _connect(
        self, count: int, path: str, listener: Callable[[int], Any]
    ) -> list[SwarmClient]:
        clients: list[SwarmClient] = []
        for begin in range(0, count, _AT_ONCE):
            numbers = range(begin, min(count, begin + _AT_ONCE))
            made = await asyncio.gather(*(self._open(path, listener(each)) for each in numbers))
            clients += made
        return clients

    async def _open(self, path: str, on_message: Callable[[Any], None]) -> SwarmClient:
        _, client = await self._loop.create_connection(
            lambda: SwarmClient(self._host, path, on_message), self._host, self._port
        )
        await client.opened
        return client
