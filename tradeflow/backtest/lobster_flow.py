"""LOBSTER's messages as a backtest's flow: the house places and cancels each recorded order.

An execution is an order of the other side, IOC at the recorded price: it takes from whoever is
first there.  Orders that are older than the file are one order a level, as far as the order book
file shows them; where less is there than is executed of such an order, the execution proves that it
rested there, and it is placed first.  What nobody saw, hidden orders, auctions and halts, is
counted and told, and changes nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, cast

from schemas.amounts import UNITS_PER_ASSET, step_units
from schemas.enums import TimeInForce
from schemas.instruments import Instrument, read_instrument
from schemas.records import ExecutionReport, PlaceOrder
from streams.domain.outcome import Outcome
from tradeflow.backtest.exchange import Exchange
from tradeflow.backtest.funding import Funds
from tradeflow.backtest.house import House
from tradeflow.backtest.lobster import PRICE_SCALE, Message, MessageType
from tradeflow.backtest.lobster_book import BookLevel
from tradeflow.replay.house_orders import HouseOrder
from tradeflow.replay.order_flow import HOUSE
from tradeflow.replay.recorded_book import BookSide, Place

_UNITS = UNITS_PER_ASSET // PRICE_SCALE
_OPPOSITE: dict[BookSide, BookSide] = {"BUY": "SELL", "SELL": "BUY"}
_OFF = {
    **dict.fromkeys(("min_quantity", "max_quantity", "quantity_step"), "0"),
    **dict.fromkeys(("market_min_quantity", "market_max_quantity", "market_quantity_step"), "0"),
    **dict.fromkeys(("min_notional", "max_notional", "price_step"), "0"),
    **dict.fromkeys(("bid_multiplier_up", "bid_multiplier_down"), "0"),
    **dict.fromkeys(("ask_multiplier_up", "ask_multiplier_down"), "0"),
    **dict.fromkeys(("maker_rate", "taker_rate"), "0"),
}


def share(ticker: str) -> Instrument:
    """A share in dollars: cents, whole shares, no fees and no filters."""
    return read_instrument(
        _OFF
        | {
            "symbol": f"{ticker}USD",
            "base_asset": ticker,
            "quote_asset": "USD",
            "tick_size": "0.01",
            "lot_size": "1",
            "status": "TRADING",
            "min_price": "0.01",
            "max_price": "1000000",
            "apply_min_notional_to_market": False,
            "apply_max_notional_to_market": False,
            "average_price_minutes": 5,
            "max_num_orders": 0,
            "max_num_algo_orders": 0,
            "max_num_iceberg_orders": 0,
            "max_iceberg_parts": 100,
        }
    )


class LobsterFlow:
    """Recorded orders under their own ids; ``book`` is what the first message left."""

    def __init__(
        self, instrument: Instrument, messages: Iterator[Message], book: Iterable[BookLevel] = ()
    ) -> None:
        self._instrument = instrument
        self._messages = messages
        self._tick_units = step_units(instrument.tick_size)
        self._lot_units = step_units(instrument.lot_size)
        self._made = 0
        self._time_ms = 0
        self._places: dict[int, Place] = {}
        """Where recorded orders are that were placed."""
        self._counts: Counter[str] = Counter()
        self._first_book = list(book)
        self._house: House

    def begin(self, exchange: Exchange, funds: Funds) -> None:
        """The exchange that the flow goes to."""
        self._house = House(exchange, self._instrument.symbol, funds)

    def moments(self) -> Iterator[tuple[int, Any]]:
        """One moment a message."""
        for message in self._messages:
            yield message.time_ms, message

    def play(self, moment: Message) -> None:
        """Do what the message tells."""
        self._time_ms = moment.time_ms
        self._counts[_WHAT[moment.type]] += 1
        if self._first_book:
            self._begin_book(moment)
        if moment.type >= MessageType.HIDDEN_EXECUTION:
            if moment.type == MessageType.HIDDEN_EXECUTION:
                self._counts["hidden shares"] += moment.size
            return
        found = self._on_grid(moment.is_buy, moment.price, moment.size)
        if found is None:
            return
        place, lots = found
        if moment.type == MessageType.SUBMISSION:
            self._submit(moment.order_id, place, lots)
        elif moment.type == MessageType.EXECUTION:
            self._execute(moment.order_id, place, lots)
        else:
            self._reduce(moment, place, lots)

    def _on_grid(self, is_buy: bool, price: int, size: int) -> tuple[Place, int] | None:
        ticks, rest = divmod(price * _UNITS, self._tick_units)
        lots, odd = divmod(size * UNITS_PER_ASSET, self._lot_units)
        if rest or odd or ticks <= 0 or lots <= 0:
            self._counts["off the grid"] += 1
            return None
        return (("BUY" if is_buy else "SELL"), ticks), lots

    def _begin_book(self, first: Message) -> None:
        """What rested before the first message, as far as the book after it shows that."""
        levels, self._first_book = self._first_book, []
        for is_buy, price, size in levels:
            if (is_buy, price) == (first.is_buy, first.price):
                # A submission is in its level already; what is taken from it is not any more.
                size += _EFFECT.get(first.type, 0) * first.size
            found = self._on_grid(is_buy, price, size) if size else None
            if found is not None:
                place, lots = found
                self._counts["levels at the start"] += 1
                self._house.apply("PlaceOrder", self._order(_before(place), place, lots, "GTC"))

    def hear(self, outcome: Outcome) -> None:
        """What matching says."""
        self._house.hear(outcome)

    def hear_refusal(self, report: ExecutionReport) -> None:
        """What the orders stage refused."""
        self._house.refuse(report["command_id"], report["reject_reason"])

    def counts(self) -> dict[str, int]:
        """What the report says of the flow."""
        return {
            "commands": self._house.commands,
            "commands refused": self._house.refused.total(),
            **dict(sorted(self._counts.items())),
        }

    def _submit(self, order_id: int, place: Place, lots: int) -> None:
        self._places[order_id] = place
        self._house.apply("PlaceOrder", self._order(_name_of(order_id), place, lots, "GTC"))

    def _execute(self, order_id: int, place: Place, lots: int) -> None:
        if order_id not in self._places:
            self._counts["executions of orders from before the file"] += 1
            before = self._order_at(place, _before(place))
            missing = lots - (before.leaves_lots if before is not None else 0)
            if missing > 0:
                self._house.apply("PlaceOrder", self._order(self._name(), place, missing, "GTC"))
        side, ticks = place
        taker = self._order(self._name(), (_OPPOSITE[side], ticks), lots, "IOC")
        self._house.apply("PlaceOrder", taker)

    def _reduce(self, message: Message, place: Place, lots: int) -> None:
        is_known = message.order_id in self._places
        if is_known:
            place = self._places[message.order_id]
            order = self._order_at(place, _name_of(message.order_id))
        else:
            self._counts["cancels of orders from before the file"] += 1
            order = self._order_at(place, _before(place))
        if order is None:
            # Somebody else has taken it: the strategy, or a recorded taker in its stead.
            self._counts["cancels of orders that were taken"] += is_known
        elif order.leaves_lots <= lots or (is_known and message.type == MessageType.CANCEL):
            self._house.apply("CancelOrder", self._aimed(order) | _CANCEL)
        else:
            quantity = order.quantity_lots - lots
            self._house.apply("AmendOrder", self._aimed(order) | {"quantity_lots": quantity})
        if message.type == MessageType.CANCEL:
            self._places.pop(message.order_id, None)

    def _order_at(self, place: Place, name: str) -> HouseOrder | None:
        orders = self._house.orders(place)
        return next((order for order in orders if order.client_order_id == name), None)

    def _order(self, name: str, place: Place, lots: int, time_in_force: TimeInForce) -> PlaceOrder:
        side, ticks = place
        order = {
            "client_order_id": name,
            "side": side,
            "order_type": "LIMIT",
            "time_in_force": time_in_force,
            "price_ticks": ticks,
            "stop_price_ticks": 0,
            "quantity_lots": lots,
            "quote_quantity_units": 0,
            "iceberg_lots": 0,
            "self_trade_prevention": "NONE",
            "budget_units": 0,
            "reserved_price_ticks": ticks if side == "BUY" else 0,
            "hold_id": "",
            "maker_rate_ppm": self._instrument.maker_rate_ppm,
            "taker_rate_ppm": self._instrument.taker_rate_ppm,
        }
        return cast(PlaceOrder, self._outer() | order)

    def _aimed(self, order: HouseOrder) -> dict[str, Any]:
        named = {"original_client_order_id": order.client_order_id, "client_order_id": ""}
        return self._outer() | {"order_id": 0} | named

    def _outer(self) -> dict[str, Any]:
        return {
            "command_id": self._name(),
            "account_id": HOUSE,
            "symbol": self._instrument.symbol,
            "time_ms": self._time_ms,
        }

    def _name(self) -> str:
        self._made += 1
        return f"{HOUSE}-{self._made}"


_CANCEL = {"restriction": "NONE", "hold_id": ""}
_WHAT = {
    MessageType.SUBMISSION: "submissions",
    MessageType.PARTIAL_CANCEL: "partial cancels",
    MessageType.CANCEL: "cancels",
    MessageType.EXECUTION: "executions",
    MessageType.HIDDEN_EXECUTION: "hidden executions",
    MessageType.CROSS: "crosses",
    MessageType.HALT: "halts",
}


_EFFECT = {
    MessageType.SUBMISSION: -1,
    MessageType.PARTIAL_CANCEL: 1,
    MessageType.CANCEL: 1,
    MessageType.EXECUTION: 1,
}


def _before(place: Place) -> str:
    """The name of what rested on a level before the file begins."""
    side, ticks = place
    return f"before-{side}-{ticks}"


def _name_of(order_id: int) -> str:
    return f"recorded-{order_id}"
