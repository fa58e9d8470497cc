"""A plain WebSocket client: what it gets is sorted into answers and events."""

import itertools
import json
from collections.abc import Callable
from typing import Any, Self

from websockets.sync.client import ClientConnection, connect

from tests.web.unique_moments import unique_ms
from web.auth.api_key import ApiKey
from web.auth.signing import sign

SECONDS = 30.0


def signed(key: ApiKey, **params: Any) -> dict[str, Any]:
    """Parameters of the WebSocket API with key, time and signature."""
    params = {"timestamp": unique_ms(), "apiKey": key.key, **params}
    payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
    return {**params, "signature": sign(key.secret, payload.encode())}


class SocketClient:
    """A connection, used by one test at a time."""

    def __init__(self, url: str, **options: Any) -> None:
        self._opening = connect(url, compression=None, **options)
        self.socket: ClientConnection = self._opening.__enter__()
        self.events: list[dict[str, Any]] = []
        """All that came without being asked for, and was not taken so far."""
        self._ids = itertools.count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Say goodbye."""
        self._opening.__exit__(None, None, None)

    def receive(self) -> dict[str, Any]:
        """The next frame."""
        received: dict[str, Any] = json.loads(self.socket.recv(SECONDS))
        return received

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """The whole answer to a request of the WebSocket API."""
        number = next(self._ids)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while (received := self.receive()).get("id") != number:
            self.events.append(received)
        return received

    def take(self, is_last: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """All events up to the one that is the last."""
        taken: list[dict[str, Any]] = []
        while True:
            try:
                event = self.events.pop(0) if self.events else self.receive()
            except TimeoutError:
                raise AssertionError(f"only these came: {taken}") from None
            taken.append(event)
            if is_last(event):
                return taken
