"""A plain STOMP client over a WebSocket."""

import json
from collections.abc import Callable
from typing import Any, Self

from websockets.sync.client import ClientConnection, connect

from web.auth.api_key import ApiKey
from web.auth.signing import sign
from web.clock import now_ms
from web.stomp.decoder import Decoder
from web.stomp.frame import Frame, encode

SECONDS = 30.0


def login(key: ApiKey, **changes: str) -> dict[str, str]:
    """The headers by which a key proves itself."""
    timestamp = changes.get("timestamp", str(now_ms()))
    payload = f"apiKey={key.key}&timestamp={timestamp}"
    passcode = sign(key.secret, payload.encode())
    return {"login": key.key, "timestamp": timestamp, "passcode": passcode, **changes}


class StompClient:
    """A connection, used by one test at a time."""

    def __init__(self, address: str, **options: Any) -> None:
        self._opening = connect(f"ws://{address}/stomp", compression=None, **options)
        self.socket: ClientConnection = self._opening.__enter__()
        self.beats = 0
        self._decoder = Decoder()
        self._frames: list[Frame] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opening.__exit__(None, None, None)

    def send(self, command: str, body: bytes = b"", **headers: str) -> None:
        """Send a frame; in the names of headers _ stands for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.socket.send(encode(Frame(command, named, body), "1.2").decode())

    def open(self, **headers: str) -> Frame:
        """CONNECT, and the answer."""
        about = {"accept_version": "1.2", "host": "tradeflow", "heart_beat": "0,0", **headers}
        self.send("CONNECT", **about)
        return self.receive()

    def receive(self) -> Frame:
        """The next frame."""
        while not self._frames:
            data = self.socket.recv(SECONDS)
            data = data.encode() if isinstance(data, str) else data
            self.beats += data == b"\n"
            self._frames = self._decoder.feed(data)
        return self._frames.pop(0)

    def until(self, is_last: Callable[[Frame], bool]) -> list[Frame]:
        """Frames up to the one that is the last."""
        taken = [self.receive()]
        while not is_last(taken[-1]):
            taken.append(self.receive())
        return taken


def content(frame: Frame) -> dict[str, Any]:
    """The JSON of a message."""
    read: dict[str, Any] = json.loads(frame.body)
    return read
