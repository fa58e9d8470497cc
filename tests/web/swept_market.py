"""A market that somebody has swept, by commands that many accounts send without the gateway.

A single account that sends any command is in ``trader``.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import httpx
from confluent_kafka import Producer

from schemas.codec import decode, encode
from schemas.topics import ORDERS_COMMANDS
from tests.chaos.exchange import await_condition, read_all
from tests.streams.domain.builders import placement
from tests.web.running_exchange import RunningExchange, RunningGateway
from web.clock import now_ms

MAKERS = ("ann", "bob", "cem")


class MarketOrders:
    """Sends commands, and waits until the gateway shows what came of them."""

    def __init__(self, exchange: RunningExchange, gateway: RunningGateway) -> None:
        self._exchange = exchange
        self._gateway = gateway
        self._numbers = count(1)
        self._producer = Producer(
            {
                "bootstrap.servers": exchange.broker.bootstrap,
                "partitioner": "murmur2_random",
                "log_level": 0,
            }
        )

    def order(self, account_id: str, symbol: str, side: str, price: int, lots: int) -> None:
        """Place a limit order; nothing is waited for."""
        name = f"order-{next(self._numbers)}"
        terms = {"side": side, "price_ticks": price, "quantity_lots": lots, "symbol": symbol}
        command = placement(name, **terms) | {"account_id": account_id}
        self._send("PlaceOrder", command)

    def set_status(self, symbol: str, status: str) -> None:
        """Halt a symbol, say, and wait until the gateway knows of it."""
        self._send("SetSymbolStatus", {"account_id": "op", "symbol": symbol, "status": status})
        asked = {"symbol": symbol}
        self.await_shown(
            "/api/v3/exchangeInfo", asked, lambda info: info["symbols"][0]["status"] == status
        )

    def get(self, path: str, **parameters: Any) -> Any:
        """What a GET that is not refused says."""
        answer = httpx.get(f"{self._gateway.url}{path}", params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def await_shown(
        self, path: str, parameters: dict[str, Any], is_shown: Callable[[Any], bool]
    ) -> Any:
        """The first answer that shows it."""

        def look() -> Any:
            answer = self.get(path, **parameters)
            return [answer] if is_shown(answer) else None

        return await_condition(look, f"{path} {parameters} to show it")[0]

    def logged(self, topic: str, symbol: str, *names: str) -> list[dict[str, Any]]:
        """The records of a topic about a symbol."""
        records = (
            decode(each.value()) for each in read_all(self._exchange.broker.bootstrap, topic)
        )
        return [record for name, record in records if name in names and record["symbol"] == symbol]

    def close(self) -> None:
        """End the client."""
        self._producer.flush(5)
        self._producer.purge()

    def _send(self, name: str, command: dict[str, Any]) -> None:
        about = {"command_id": f"command-{next(self._numbers)}", "time_ms": now_ms()}
        value = encode(name, {**command, **about})
        self._producer.produce(ORDERS_COMMANDS.name, value, command["account_id"].encode())
        assert self._producer.flush(30) == 0


@contextmanager
def swept_market(
    exchange: RunningExchange, gateway: RunningGateway, symbol: str
) -> Iterator[MarketOrders]:
    """Somebody who has swept over three makers, and hit two: seven trades, in four aggregates."""
    for account in (*MAKERS, "eve"):
        exchange.open_account(account, units=10**15)
    trader = MarketOrders(exchange, gateway)
    try:
        _trade(trader, symbol)
        yield trader
    finally:
        trader.close()


def _trade(trader: MarketOrders, symbol: str) -> None:
    for number, maker in enumerate(MAKERS * 4):
        trader.order(maker, symbol, "SELL", 6_000_000 + number // 2, 1_000)
        trader.order(maker, symbol, "BUY", 5_990_000 - number // 3, 2_000)
    one = {"symbol": symbol}
    trader.await_shown(
        "/api/v3/depth", one, lambda book: len(book["asks"]) == 6 and len(book["bids"]) == 4
    )
    trader.order("eve", symbol, "BUY", 6_000_002, 4_500)
    trader.await_shown("/api/v3/trades", one, lambda trades: len(trades) == 5)
    trader.order("eve", symbol, "SELL", 5_990_000, 3_000)
    # Until the last second is told.
    asked = {**one, "interval": "1s", "limit": 1_000}
    trader.await_shown(
        "/api/v3/klines", asked, lambda rows: sum(row[8] for row in rows) == 7 and rows[-1][8] == 0
    )
