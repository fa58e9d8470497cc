"""A client that reads only when it is told to, from a socket that holds little."""

import contextlib
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

_TEXT, _CLOSE = 0x1, 0x8
_HEADERS = (
    "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)


class SlowClient:
    """Connects, and reads nothing by itself; no pongs either."""

    def __init__(self, url: str) -> None:
        host, _, rest = url.removeprefix("ws://").partition(":")
        port, _, path = rest.partition("/")
        self._socket = socket.socket()
        # Before it connects, or its window is large already.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        self._socket.settimeout(30)
        self._socket.connect((host, int(port)))
        self._socket.sendall(f"GET /{path} HTTP/1.1\r\n{_HEADERS}\r\n".encode())
        self._buffer = b""
        self.closed: tuple[int, str] | None = None
        """Code and reason of the server's close frame."""
        self._head()

    def __enter__(self) -> "SlowClient":
        return self

    def __exit__(self, *_about: object) -> None:
        self._socket.close()

    def read_until(self, is_enough: Callable[[Any], bool]) -> list[Any]:
        """Read messages up to the first of which this is true, or all until the end."""
        messages = []
        for message in self._messages():
            messages.append(message)
            if is_enough(message):
                break
        return messages

    def read_all(self) -> list[Any]:
        """Read until the server has closed."""
        return self.read_until(lambda _message: False)

    def _messages(self) -> Iterator[Any]:
        # Cut off, perhaps in the middle of a frame.
        with contextlib.suppress(ConnectionResetError, EOFError):
            while True:
                head = self._take(2)
                length = head[1]
                if length >= 126:
                    length = int.from_bytes(self._take(2 if length == 126 else 8), "big")
                payload = self._take(length)
                opcode = head[0] & 0x0F
                if opcode == _CLOSE:
                    self.closed = int.from_bytes(payload[:2], "big"), payload[2:].decode()
                    return
                if opcode == _TEXT:
                    yield json.loads(payload)

    def _head(self) -> None:
        while b"\r\n\r\n" not in self._buffer:
            self._buffer += self._socket.recv(65_536)
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        assert b" 101 " in head, head

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            part = self._socket.recv(65_536)
            if not part:
                raise EOFError
            self._buffer += part
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken
