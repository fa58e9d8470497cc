"""A local book as Binance's documents tell clients to keep it, connection after connection.

https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#how-to-manage-a-local-order-book-correctly
"""

import contextlib
import json
import threading
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.sync.client import ClientConnection, connect

_LIMIT = 5_000
_AGAIN_SECONDS = 0.05


class GapError(AssertionError):
    """An event does not follow the one before it."""


class LocalBook:
    """Kept on a thread; ``states`` are the book's levels as each event left them, by its id."""

    def __init__(self, address: str, symbol: str, stream: str) -> None:
        self._address = address
        self._symbol = symbol
        self._stream = stream
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=stream)
        self.bids: dict[str, str] = {}
        self.asks: dict[str, str] = {}
        self.last_update_id = 0
        self.connections = 0
        self.states: dict[int, tuple[dict[str, str], dict[str, str]]] = {}
        self.failed: BaseException | None = None

    def __enter__(self) -> "LocalBook":
        self._thread.start()
        return self

    def __exit__(self, *_about: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                # The gateway is away, or has just gone; whoever asks without end slows it down.
                with contextlib.suppress(OSError, InvalidMessage, InvalidStatus, ConnectionClosed):
                    url = f"ws://{self._address}/ws/{self._stream}"
                    with connect(url, max_size=None) as connection:
                        self._follow(connection)
                self._stop.wait(_AGAIN_SECONDS)
        except BaseException as error:
            self.failed = error

    def _follow(self, connection: ClientConnection) -> None:
        buffered = [self._event(connection)]
        if buffered[0] is None:
            return
        snapshot = self._snapshot()
        while snapshot["lastUpdateId"] < buffered[0]["U"]:
            snapshot = self._snapshot()
        self.bids = dict(snapshot["bids"])
        self.asks = dict(snapshot["asks"])
        self.last_update_id = snapshot["lastUpdateId"]
        self.connections += 1
        last_u = buffered[0]["U"] - 1
        event = buffered[0]
        while event is not None:
            if event["U"] != last_u + 1:
                raise GapError(f"{self._stream}: {event['U']} follows {last_u}")
            last_u = event["u"]
            self._apply(event)
            event = self._event(connection)

    def _event(self, connection: ClientConnection) -> Any:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                event = json.loads(connection.recv(timeout=0.2))
                if event["e"] == "depthUpdate":
                    return event
        return None

    def _snapshot(self) -> Any:
        about = {"symbol": self._symbol, "limit": _LIMIT}
        try:
            return httpx.get(f"http://{self._address}/api/v3/depth", params=about).json()
        except httpx.HTTPError as error:
            raise OSError("the gateway is away") from error

    def _apply(self, event: Any) -> None:
        if event["u"] <= self.last_update_id:
            return
        if event["U"] > self.last_update_id + 1:
            raise GapError(f"{self._stream}: {event['U']} follows {self.last_update_id}")
        for side, changed in ((self.bids, event["b"]), (self.asks, event["a"])):
            for price, quantity in changed:
                side[price] = quantity
                if float(quantity) == 0:
                    del side[price]
        self.last_update_id = event["u"]
        self.states[event["u"]] = dict(self.bids), dict(self.asks)
