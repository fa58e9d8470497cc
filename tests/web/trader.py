"""An account that trades by commands of its own, without the gateway."""

import itertools
from typing import Any

from confluent_kafka import Producer

from schemas.codec import encode
from schemas.topics import ORDERS_COMMANDS, WALLET_COMMANDS
from tests.web.running_exchange import RunningExchange
from web.clock import now_ms

UNITS = 10**14
"""A million of each asset."""


class Trader:
    """An account with money; its commands go straight to the log, in their order."""

    def __init__(self, exchange: RunningExchange, account_id: str, symbol: str = "BTCUSDT") -> None:
        self.account_id = account_id
        self.symbol = symbol
        self._numbers = itertools.count(1)
        self._producer = Producer(
            {
                "bootstrap.servers": exchange.broker.bootstrap,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "linger.ms": 0,
                "log_level": 0,
            }
        )
        exchange.open_account(account_id, units=UNITS)

    def place(self, side: str, quantity_lots: int, price_ticks: int = 0, **changes: Any) -> str:
        """A limit order, or a market order without a price; its client order id."""
        return self._send("PlaceOrder", self.order(side, quantity_lots, price_ticks, **changes))

    def order(
        self, side: str, quantity_lots: int, price_ticks: int = 0, **changes: Any
    ) -> dict[str, Any]:
        """A PlaceOrder."""
        is_market = price_ticks == 0
        return {
            **self._about(),
            "client_order_id": f"{self.account_id}-{next(self._numbers)}",
            "side": side,
            "order_type": "MARKET" if is_market else "LIMIT",
            "time_in_force": "GTC",
            "price_ticks": price_ticks,
            "stop_price_ticks": 0,
            "quantity_lots": quantity_lots,
            "quote_quantity_units": 0,
            "iceberg_lots": 0,
            "self_trade_prevention": "NONE",
            "budget_units": UNITS // 10 if is_market and side == "BUY" else 0,
            "reserved_price_ticks": 0,
            "hold_id": "",
            "maker_rate_ppm": 0,
            "taker_rate_ppm": 0,
            **changes,
        }

    def cancel(self, client_order_id: str, cancel_id: str = "") -> str:
        """Cancel an order; the cancel's own id."""
        return self._send("CancelOrder", self._cancel(client_order_id, cancel_id))

    def replace(self, client_order_id: str, cancel_id: str, place: dict[str, Any]) -> str:
        """Cancel an order and place another one; the new one's client order id."""
        command = {
            **self._about(),
            "mode": "STOP_ON_FAILURE",
            "cancel": self._cancel(client_order_id, cancel_id),
            "place": place,
        }
        self._send("CancelReplaceOrder", {**command, "client_order_id": ""})
        return str(place["client_order_id"])

    def amend(self, client_order_id: str, new_id: str, quantity_lots: int) -> None:
        """Make an order smaller."""
        amended = {"order_id": 0, "original_client_order_id": client_order_id}
        about = {"client_order_id": new_id, "quantity_lots": quantity_lots}
        self._send("AmendOrder", {**self._about(), **amended, **about})

    def move_money(self, kind: str, asset: str, amount_units: int) -> None:
        """A WalletDepositCommand or a WalletWithdrawCommand."""
        about = self._about()
        del about["symbol"]
        command = {**about, "asset": asset, "amount_units": amount_units}
        self._produce(WALLET_COMMANDS.name, encode(kind, command))

    def _cancel(self, client_order_id: str, cancel_id: str) -> dict[str, Any]:
        return {
            **self._about(),
            "order_id": 0,
            "original_client_order_id": client_order_id,
            "client_order_id": cancel_id or f"cancel-{client_order_id}",
            "restriction": "NONE",
            "hold_id": "",
        }

    def _about(self) -> dict[str, Any]:
        return {
            "command_id": f"{self.account_id}:{next(self._numbers)}",
            "account_id": self.account_id,
            "symbol": self.symbol,
            "time_ms": now_ms(),
        }

    def _send(self, kind: str, command: dict[str, Any]) -> str:
        client_order_id = str(command["client_order_id"])
        if kind == "CancelReplaceOrder":
            del command["client_order_id"]
        self._produce(ORDERS_COMMANDS.name, encode(kind, command))
        return client_order_id

    def _produce(self, topic: str, value: bytes) -> None:
        self._producer.produce(topic, value, self.account_id.encode())
        assert self._producer.flush(30) == 0
