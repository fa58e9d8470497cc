"""Recorded book changes and trades as commands; pure.

A house account holds the recorded levels and trades against them itself, so that all commands keep
their order on the way to matching.  The mirror is what the exchange's book will be.  On each change
of the recorded book only the difference between mirror and recording is sent, for the levels that
the recording or a trade touched:

- first what must go, on both sides: whole orders are cancelled from the back of the level's queue,
  and one order at most is reduced in place, so that the front keeps its priority;
- then what must be added, as one more order at the back of the level.

As the recorded book is not crossed, an addition then meets nothing; where it would after all, what
stands in its way is cancelled first.

A trade comes between two diffs.  It proves that its price was the best of the maker's side and that
its quantity rested there, perhaps only since the last diff: what the mirror shows in front of that
price is cancelled, what it lacks there is added, and a LIMIT IOC order at the price takes the
recorded quantity.  The next diff puts right whatever this got wrong.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schemas.enums import RejectReason, TimeInForce
from schemas.instruments import Instrument
from schemas.records import AmendOrder, CancelOrder, PlaceOrder
from tradeflow.replay.house_mirror import HouseMirror
from tradeflow.replay.house_orders import HouseOrders
from tradeflow.replay.recorded_book import BookSide, Grid, Place, RecordedBook
from tradeflow.replay.recording import FlowEvent, RecordedTrade

HOUSE = "replay-house"

Command = tuple[str, Mapping[str, Any]]
"""The name of the record, and the record."""

_OPPOSITE: dict[BookSide, BookSide] = {"BUY": "SELL", "SELL": "BUY"}


class OrderFlow:
    """Commands that make an empty book follow a recording.

    ``run`` begins every command id and client order id and makes them this run's own; command ids
    end in the command's number, from 1.  ``house`` knows what the house has on the book; None: a
    mirror does, and nobody else trades.
    """

    def __init__(self, instrument: Instrument, run: str, house: HouseOrders | None = None) -> None:
        self.instrument = instrument
        self._run = run
        self._touched: set[Place] = set()
        self._time_ms = 0
        self.grid = Grid(instrument)
        self.recorded = RecordedBook(self.grid)
        self.mirror = HouseMirror(instrument, HOUSE) if house is None else house
        self.number = 0
        """Commands made so far."""
        self.trades = 0
        self.trade_lots = 0
        self.early_trades = 0
        """Trades before the snapshot: there is no book yet that they could take from."""
        self.not_sent: Counter[RejectReason] = Counter()
        """Commands that the exchange would have refused, by reason; the level stays different."""

    @property
    def touched_levels(self) -> int:
        """Levels that trades touched since the last change of the recorded book."""
        return len(self._touched)

    def commands(self, event: FlowEvent) -> Iterator[Command]:
        """The commands for one event, in the order in which they must be sent."""
        if isinstance(event, RecordedTrade):
            self._time_ms = max(self._time_ms, event.time_ms)
            if self.recorded.is_complete:
                yield from self._trade(event)
            else:
                self.early_trades += 1
            return
        self._time_ms = max(self._time_ms, getattr(event, "time_ms", 0))
        touched = self._touched | self.recorded.apply(event)
        self._touched = set()
        yield from self._follow(touched)

    def _follow(self, places: Iterable[Place]) -> Iterator[Command]:
        short: list[Place] = []
        for place in sorted(places, key=_best_first):
            lots, wanted = self.mirror.quantity(place), self.recorded.quantity(place)
            if lots > wanted:
                yield from self._reduce(place, lots - wanted)
            elif lots < wanted:
                short.append(place)
        for place in short:
            yield from self._raise_to(place, self.recorded.quantity(place))

    def _trade(self, trade: RecordedTrade) -> Iterator[Command]:
        price_ticks = self.grid.price_ticks(trade.price)
        lots = self.grid.quantity_lots(trade.quantity)
        if price_ticks is None or not lots:
            return
        self.trades += 1
        self.trade_lots += lots
        maker_side: BookSide = "BUY" if trade.is_buyer_maker else "SELL"
        place = maker_side, price_ticks
        yield from self._clear(maker_side, price_ticks, keep_price=True)
        yield from self._raise_to(place, lots)
        self._touched.add(place)
        order = self._order(_OPPOSITE[maker_side], price_ticks, lots, "IOC")
        yield from self._submit("PlaceOrder", order)

    def _clear(self, side: BookSide, price_ticks: int, *, keep_price: bool) -> Iterator[Command]:
        """Cancel the house's orders of a side that are better than a price, or as good."""
        while (best := self.mirror.best_price(side)) is not None:
            worse = best < price_ticks if side == "BUY" else best > price_ticks
            if worse or (keep_price and best == price_ticks):
                return
            place = side, best
            self._touched.add(place)
            yield from self._reduce(place, self.mirror.quantity(place))

    def _reduce(self, place: Place, excess: int) -> Iterator[Command]:
        for order in reversed(self.mirror.orders(place)):
            if order.leaves_lots > excess:
                if excess:
                    quantity = order.quantity_lots - excess
                    yield from self._submit(
                        "AmendOrder", self._amend(order.client_order_id, quantity)
                    )
                return
            excess -= order.leaves_lots
            yield from self._submit("CancelOrder", self._cancel(order.client_order_id))

    def _raise_to(self, place: Place, wanted: int) -> Iterator[Command]:
        side, price_ticks = place
        missing = wanted - self.mirror.quantity(place)
        if missing <= 0:
            return
        yield from self._clear(_OPPOSITE[side], price_ticks, keep_price=False)
        order = self._order(side, price_ticks, missing, "GTC")
        yield from self._submit("PlaceOrder", order)

    def _submit(
        self, kind: str, record: PlaceOrder | CancelOrder | AmendOrder
    ) -> Iterator[Command]:
        reason = self.mirror.apply(kind, record)
        if reason == "NONE":
            self.number += 1
            yield kind, record
        else:
            self.not_sent[reason] += 1

    def _order(
        self,
        side: BookSide,
        price_ticks: int,
        quantity_lots: int,
        time_in_force: TimeInForce,
    ) -> PlaceOrder:
        name = self._name()
        return {
            "command_id": name,
            "account_id": HOUSE,
            "symbol": self.instrument.symbol,
            "client_order_id": name,
            "side": side,
            "order_type": "LIMIT",
            "time_in_force": time_in_force,
            "price_ticks": price_ticks,
            "stop_price_ticks": 0,
            "quantity_lots": quantity_lots,
            "quote_quantity_units": 0,
            "iceberg_lots": 0,
            "self_trade_prevention": "NONE",
            "budget_units": 0,
            "reserved_price_ticks": price_ticks if side == "BUY" else 0,
            "hold_id": "",
            "maker_rate_ppm": self.instrument.maker_rate_ppm,
            "taker_rate_ppm": self.instrument.taker_rate_ppm,
            "time_ms": self._time_ms,
        }

    def _cancel(self, client_order_id: str) -> CancelOrder:
        return {
            "command_id": self._name(),
            "account_id": HOUSE,
            "symbol": self.instrument.symbol,
            "order_id": 0,
            "original_client_order_id": client_order_id,
            "client_order_id": "",
            "restriction": "NONE",
            "hold_id": "",
            "time_ms": self._time_ms,
        }

    def _amend(self, client_order_id: str, quantity_lots: int) -> AmendOrder:
        return {
            "command_id": self._name(),
            "account_id": HOUSE,
            "symbol": self.instrument.symbol,
            "order_id": 0,
            "original_client_order_id": client_order_id,
            "client_order_id": "",
            "quantity_lots": quantity_lots,
            "time_ms": self._time_ms,
        }

    def _name(self) -> str:
        return f"{self._run}-{self.number + 1}"


def _best_first(place: Place) -> tuple[str, int]:
    side, price_ticks = place
    return side, -price_ticks if side == "BUY" else price_ticks
