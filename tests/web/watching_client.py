"""A client that keeps its account's orders and trades: from user data, and where it was cut off,
from REST.
"""

import contextlib
import json
import threading
from typing import Any, Self
from urllib.parse import urlencode

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from tests.web.remembering_client import SYMBOL
from tests.web.socket_client import SECONDS, signed
from web.auth.api_key import ApiKey
from web.auth.signing import sign
from web.clock import now_ms

_AGAIN_SECONDS = 0.05
_PAGE = 1_000
_OPEN = ("NEW", "PARTIALLY_FILLED")

Standing = tuple[str, str]
"""Status and executed quantity."""


class WatchingClient:
    """One account's, on a thread."""

    def __init__(self, address: str, key: ApiKey) -> None:
        self._address = address
        self._key = key
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watching client")
        self.orders: dict[int, Standing] = {}
        self.trades: set[tuple[int, int]] = set()
        """Ids of trade and order."""
        self.connections = 0
        self.events = 0
        self.failed: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_about: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stop.wait(_AGAIN_SECONDS):
                # The gateway is away, or has just gone.
                with contextlib.suppress(
                    OSError, WebSocketException, EOFError, httpx.TransportError
                ):
                    url = f"ws://{self._address}/ws-api/v3"
                    with connect(url, compression=None) as connection:
                        self._watch(connection)
        except BaseException as error:
            self.failed = error

    def _watch(self, connection: ClientConnection) -> None:
        asking = {"id": 1, "method": "userDataStream.subscribe.signature"}
        connection.send(json.dumps({**asking, "params": signed(self._key)}))
        answer = json.loads(connection.recv(SECONDS))
        assert answer["status"] == 200, answer
        # Behind the subscription: what happens between the two is told twice, and never not at all.
        self._read_all()
        self.connections += 1
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                self._take(json.loads(connection.recv(0.2)).get("event", {}))

    def _take(self, event: dict[str, Any]) -> None:
        if event.get("e") != "executionReport" or event["X"] == "REJECTED":
            return
        self.events += 1
        self._note(event["i"], (event["X"], event["z"]))
        if event["x"] == "TRADE":
            self.trades.add((event["t"], event["i"]))

    def _note(self, order_id: int, standing: Standing) -> None:
        """What is newer of the two: an order is filled ever more, and ends once."""
        known = self.orders.get(order_id, standing)
        self.orders[order_id] = max(known, standing, key=_age)

    def _read_all(self) -> None:
        with httpx.Client(
            base_url=f"http://{self._address}", headers={"X-MBX-APIKEY": self._key.key}
        ) as http:
            for order in self._pages(http, "/api/v3/allOrders", "orderId", "orderId"):
                self._note(order["orderId"], (order["status"], order["executedQty"]))
            for trade in self._pages(http, "/api/v3/myTrades", "fromId", "id"):
                self.trades.add((trade["id"], trade["orderId"]))

    def _pages(self, http: httpx.Client, path: str, since: str, id_name: str) -> list[Any]:
        found: list[Any] = []
        next_id = 1
        while True:
            asked = {"symbol": SYMBOL, since: next_id, "limit": _PAGE, "timestamp": now_ms()}
            query = urlencode(asked)
            signature = sign(self._key.secret, query.encode())
            answer = http.get(f"{path}?{query}&signature={signature}", timeout=SECONDS)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += page
            if len(page) < _PAGE:
                return found
            next_id = page[-1][id_name] + 1


def _age(standing: Standing) -> tuple[bool, float]:
    return standing[0] not in _OPEN, float(standing[1])
