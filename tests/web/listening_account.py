"""A trader whose account's events are listened to, on a symbol that no other test trades."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from schemas.instruments import DEFAULT_FILE
from tests.web.memory_keys import key_of
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.socket_client import SocketClient, signed
from tests.web.trader import Trader
from web.auth.api_key import ApiKey

PRICE = 5_000_000
"""Of the tests' orders, in ticks: 50 000 USDT."""
LOTS = 1_000
"""0.01 BTC."""

Event = dict[str, Any]


def many_symbols(folder: Path, count: int) -> Path:
    """A file of instruments that are all like BTCUSDT: T0, T1, ..."""
    like = json.loads(DEFAULT_FILE.read_text())[0]
    file = folder / "instruments.json"
    file.write_text(json.dumps([{**like, "symbol": f"T{number}"} for number in range(count)]))
    return file


class ListeningAccount:
    """An account with money, its key, and a connection that has subscribed to it."""

    def __init__(
        self, exchange: RunningExchange, gateway: RunningGateway, name: str, symbol: str
    ) -> None:
        self.url = f"ws://{gateway.address}/ws-api/v3"
        self.key: ApiKey = gateway.keys.add(key_of(name))
        self.socket = self.connect()
        self.trader = Trader(exchange, name, symbol)
        # The money that it begins with is told too.
        self.take(lambda event: event["e"] == "balanceUpdate" and event["a"] == "USDT")
        self.take(lambda event: event["e"] == "outboundAccountPosition")

    def connect(self, query: str = "") -> SocketClient:
        """A connection that has subscribed by a signature."""
        socket = SocketClient(self.url + query)
        answer = socket.ask("userDataStream.subscribe.signature", **signed(self.key))
        assert answer["result"] == {"subscriptionId": 0}
        return socket

    def take(self, is_last: Callable[[Event], Any]) -> list[Event]:
        """Events up to the last one, without their frames."""
        taken = self.socket.take(lambda frame: is_last(frame["event"]))
        assert all(frame["subscriptionId"] == 0 for frame in taken)
        return [frame["event"] for frame in taken]

    def reports(self, status: str) -> list[Event]:
        """Execution reports up to one with this status."""
        taken = self.take(lambda event: event.get("X") == status)
        return [event for event in taken if event["e"] == "executionReport"]

    def positions(self, assets: int) -> dict[str, tuple[str, str]]:
        """Free and locked by asset, of the next event that is of so many assets."""
        *_, last = self.take(lambda event: len(event.get("B", ())) == assets)
        return {each["a"]: (each["f"], each["l"]) for each in last["B"]}


def expect(event: Event, **wanted: Any) -> None:
    """The event says so; what is not named may be anything."""
    assert {name: event.get(name, "absent") for name in wanted} == wanted
