"""Clients that nobody would wish for: few accounts, one price range, everything at once."""

from collections.abc import Mapping
from random import Random
from typing import Any, NamedTuple

from schemas.codec import encode
from schemas.enums import SELF_TRADE_PREVENTIONS
from tradeflow.simulation.instruments import INSTRUMENTS, MIDDLE_TICKS

ACCOUNTS = ("ann", "ben", "cid", "dan")
"""Two in each partition: so there are trades within one, and between two."""

STRANGER = "eve"
"""Has no account with the wallet."""

_LAST_PLACED = 40
_QUANTITY_MAX = 12


OpenOrders = Mapping[Any, Mapping[str, Any]]
"""The last report on each order that is open, as clients were told."""


class Sent(NamedTuple):
    """A command as a client sends it; its key is the account."""

    name: str
    command: dict[str, Any]

    @property
    def key(self) -> bytes:
        """The record's key."""
        account_id: str = self.command["account_id"]
        return account_id.encode()

    @property
    def value(self) -> bytes:
        """The record's value."""
        return encode(self.name, self.command)


class OrderFlow:
    """Commands for ``orders.commands``; what is cancelled was placed a short while ago."""

    def __init__(self, rng: Random, open_orders: OpenOrders) -> None:
        self._rng = rng
        self._open_orders = open_orders
        self._made = 0
        self._placed: list[dict[str, Any]] = []
        self.sent: list[Sent] = []

    def next(self, time_ms: int) -> Sent:
        """The next command of some client, whose clock shows ``time_ms``."""
        self._made += 1
        pick = self._rng.random()
        if self._placed and pick < 0.26:
            sent = self._change(time_ms, pick)
        elif self._placed and pick < 0.30:
            sent = self._query(time_ms)
        elif pick < 0.32:
            sent = self._status(time_ms)
        elif pick < 0.40:
            sent = self._list(time_ms)
        else:
            sent = Sent("PlaceOrder", self._order(time_ms))
            self._placed.append(sent.command)
        self.sent.append(sent)
        return sent

    def repeat(self, time_ms: int) -> Sent | None:
        """One of the last commands again: as it was, at another time, or with other content."""
        if not self.sent:
            return None
        name, command = self._rng.choice(self.sent[-30:])
        pick = self._rng.random()
        if pick < 0.5:
            return Sent(name, command)
        if pick < 0.8 or name in ("QueryOrder", "SetSymbolStatus"):
            return Sent(name, command | {"time_ms": time_ms})
        if name == "CancelReplaceOrder":
            place = command["place"]
            place = place | {"quantity_lots": place["quantity_lots"] + 1}
            return Sent(name, command | {"place": place})
        if name == "PlaceOrderList":
            return Sent(name, command | {"list_client_order_id": "another"})
        if name == "CancelOrder":
            return Sent(name, command | {"client_order_id": "another"})
        return Sent(name, command | {"quantity_lots": command["quantity_lots"] + 1})

    # --- orders -----------------------------------------------------------------------------------

    def _order(self, time_ms: int, symbol: str = "") -> dict[str, Any]:
        rng = self._rng
        symbol = symbol or rng.choice(tuple(INSTRUMENTS))
        side = rng.choice(("BUY", "SELL"))
        away = rng.randint(-3, 9)
        price = MIDDLE_TICKS + (-away if side == "BUY" else away)
        account = rng.choice(ACCOUNTS) if rng.random() < 0.99 else STRANGER
        client_id = self._made if rng.random() < 0.96 else rng.randint(1, self._made)
        order = {
            "command_id": f"p{self._made}",
            "account_id": account,
            "symbol": symbol if rng.random() < 0.99 else "NONESUCH",
            "client_order_id": f"c{client_id}",
            "side": side,
            "order_type": "LIMIT",
            "time_in_force": "GTC",
            "price_ticks": price,
            "stop_price_ticks": 0,
            "quantity_lots": rng.randint(1, _QUANTITY_MAX),
            "quote_quantity_units": 0,
            "iceberg_lots": 0,
            "self_trade_prevention": rng.choice(SELF_TRADE_PREVENTIONS),
            "budget_units": 0,
            "reserved_price_ticks": 0,
            "hold_id": "",
            "maker_rate_ppm": 0,
            "taker_rate_ppm": 0,
            "time_ms": time_ms,
        }
        return order | self._shape(order, symbol)

    def _shape(self, order: dict[str, Any], symbol: str) -> dict[str, Any]:
        """What makes it another order than a limit order."""
        rng = self._rng
        pick = rng.random()
        lots, price, is_buy = order["quantity_lots"], order["price_ticks"], order["side"] == "BUY"
        rules = INSTRUMENTS[symbol]
        worth = lots * price * rules.quote_units_per_tick_lot
        base = lots * rules.base_units_per_lot
        if pick < 0.10:
            return {"time_in_force": rng.choice(("IOC", "FOK"))}
        if pick < 0.22:
            return {"iceberg_lots": rng.randint(1, 4), "quantity_lots": rng.randint(2, 20)}
        if pick < 0.32:
            budget = worth * rng.choice((9, 10, 11, 14)) // 10 if is_buy else 0
            even = {"quantity_lots": lots + lots % 2, "budget_units": budget}
            return {"order_type": "MARKET", "price_ticks": 0, **even}
        if pick < 0.40:
            budget = rng.choice((0, worth, worth // 2)) if is_buy else base
            by_quote = {"quantity_lots": 0, "quote_quantity_units": worth, "budget_units": budget}
            return {"order_type": "MARKET", "price_ticks": 0, **by_quote}
        if pick < 0.50:
            return self._stop(price, is_buy=is_buy, worth=worth)
        if pick < 0.54:
            return {"order_type": "LIMIT_MAKER"}
        if pick < 0.57:
            return {"quantity_lots": rng.choice((0, -1, 10**9, 9_000))}
        return {}

    def _list(self, time_ms: int) -> Sent:
        """Two legs around the middle, of which one cancels the other; now and then none at all."""
        rng = self._rng
        order = self._order(time_ms)
        is_buy = order["side"] == "BUY"
        plain = {"order_type": "LIMIT_MAKER", "time_in_force": "GTC", "iceberg_lots": 0}
        plain |= {"budget_units": 0, "quote_quantity_units": 0, "stop_price_ticks": 0}
        plain |= {"quantity_lots": rng.randint(1, _QUANTITY_MAX)}
        away = rng.randint(1, 9)
        price = MIDDLE_TICKS + (-away if is_buy else away)
        first = order | plain | {"price_ticks": price}
        away = rng.randint(1, 4) if rng.random() < 0.95 else -away
        stop = MIDDLE_TICKS + (away if is_buy else -away)
        second = first | {"client_order_id": f"{first['client_order_id']}b"}
        second |= {"stop_price_ticks": stop, "order_type": "STOP_LOSS_LIMIT"}
        second |= {"price_ticks": stop + rng.randint(-2, 2)}
        if rng.random() < 0.3:
            worth = (
                first["quantity_lots"]
                * price
                * INSTRUMENTS.get(order["symbol"], INSTRUMENTS["BTCUSDT"]).quote_units_per_tick_lot
            )
            second |= {"order_type": "STOP_LOSS", "price_ticks": 0}
            second |= {"budget_units": worth * 12 // 10 if is_buy else 0}
        if rng.random() < 0.05:
            second |= {"quantity_lots": second["quantity_lots"] + 1}
        legs = [first, second] if rng.random() < 0.5 else [second, first]
        self._placed += legs
        outer = {name: order[name] for name in ("command_id", "account_id", "symbol", "time_ms")}
        names = {"list_client_order_id": f"list-{self._made}"}
        return Sent("PlaceOrderList", {**outer, **names, "first": legs[0], "second": legs[1]})

    def _stop(self, price: int, *, is_buy: bool, worth: int) -> dict[str, Any]:
        rng = self._rng
        above = rng.random() < 0.5
        stop = {"stop_price_ticks": MIDDLE_TICKS + rng.randint(1, 4) * (1 if above else -1)}
        kind = "STOP_LOSS" if above == is_buy else "TAKE_PROFIT"
        if rng.random() < 0.6:
            return {"order_type": f"{kind}_LIMIT", **stop}
        budget = worth * 12 // 10 if is_buy else 0
        return {"order_type": kind, "price_ticks": 0, "budget_units": budget, **stop}

    # --- on orders --------------------------------------------------------------------------------

    def _about(self, time_ms: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """What every command on an order has, and what names its order."""
        rng = self._rng
        told = [*self._open_orders.values()]
        # Most clients know from their reports what is open; some do not wait for them.
        old = rng.choice(told if told and rng.random() < 0.7 else self._placed[-_LAST_PLACED:])
        is_own = rng.random() < 0.9
        about = {
            "command_id": f"p{self._made}",
            "account_id": old["account_id"] if is_own else rng.choice(ACCOUNTS),
            "symbol": old["symbol"],
            "time_ms": time_ms,
        }
        pick = rng.random()
        if "order_id" in old and pick < 0.3:
            return about, {"order_id": old["order_id"], "original_client_order_id": ""}
        if pick < 0.85:
            return about, {"order_id": 0, "original_client_order_id": old["client_order_id"]}
        # A guess at the number that matching gave it.
        return about, {"order_id": rng.randint(1, self._made), "original_client_order_id": ""}

    def _change(self, time_ms: int, pick: float) -> Sent:
        rng = self._rng
        about, named = self._about(time_ms)
        client_id = f"x{self._made}" if rng.random() < 0.5 else ""
        cancel = {**about, **named, "client_order_id": client_id, "hold_id": ""}
        cancel["restriction"] = rng.choice(("NONE",) * 6 + ("ONLY_NEW", "ONLY_PARTIALLY_FILLED"))
        if pick < 0.13:
            return Sent("CancelOrder", cancel)
        if pick < 0.18:
            lots = rng.randint(0, 6)
            amend = {**about, **named, "client_order_id": client_id, "quantity_lots": lots}
            return Sent("AmendOrder", amend)
        symbol = about["symbol"] if about["symbol"] in INSTRUMENTS else "BTCUSDT"
        place = self._order(time_ms, symbol) | {
            "account_id": about["account_id"],
            "symbol": about["symbol"],
        }
        if rng.random() < 0.3 and place["order_type"] == "LIMIT":
            # More than can be paid for, unless what is cancelled frees it.
            place["quantity_lots"] = rng.randint(20, 60)
        self._placed.append(place)
        mode = rng.choice(("STOP_ON_FAILURE", "ALLOW_FAILURE"))
        both = {**about, "mode": mode, "cancel": cancel, "place": place}
        return Sent("CancelReplaceOrder", both)

    def _query(self, time_ms: int) -> Sent:
        about, named = self._about(time_ms)
        return Sent("QueryOrder", {**about, **named})

    def _status(self, time_ms: int) -> Sent:
        rng = self._rng
        return Sent(
            "SetSymbolStatus",
            {
                "command_id": f"p{self._made}",
                "account_id": "operator",
                "symbol": rng.choice((*INSTRUMENTS, "NONESUCH")),
                "status": rng.choice(("TRADING",) * 6 + ("HALT", "CANCEL_ONLY")),
                "time_ms": time_ms,
            },
        )
