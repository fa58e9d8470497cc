"""What a strategy came to: orders, fills, fees, profit and loss, all in whole units."""

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from schemas.instruments import Instrument
from streams.domain.events import ReportEvent
from streams.domain.market import Market
from tradeflow.backtest.own_order import OwnOrder


class Point(NamedTuple):
    """The standing at one moment; amounts in minor units."""

    time_ms: int
    profit_units: int
    """Of the quote asset: what came in less what went out, the position at mid."""
    position_units: int
    """Of the base asset, since the start."""


@dataclass(slots=True)
class Slippage:
    """Fills against the mid price that the strategy saw when it decided; a cost is positive."""

    lots: int = 0
    fills_without_mid: int = 0
    double_cost: int = 0
    """Twice ticks times lots."""
    double_worth: int = 0
    """The same of what the quantity was worth at mid."""

    def add(self, order: OwnOrder, price_ticks: int, lots: int) -> None:
        """One fill of an order."""
        if order.double_mid_ticks is None:
            self.fills_without_mid += 1
            return
        worse = 2 * price_ticks - order.double_mid_ticks
        self.double_cost += (worse if order.side == "BUY" else -worse) * lots
        self.double_worth += order.double_mid_ticks * lots
        self.lots += lots


class Performance:
    """Follows the strategy's account on the exchange's side, where nothing is late."""

    def __init__(self, market: Market, *, every_ms: int) -> None:
        self._rules: Instrument = market.state.instrument
        self._book = market.state.book
        self._every_ms = every_ms
        self._orders: dict[str, OwnOrder] = {}
        self._next_ms = 0
        self._peak_units = 0
        self.counts: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        """By reason."""
        self.fees: Counter[str] = Counter()
        """Minor units by asset."""
        self.fees_in_quote_units = 0
        """All fees, those in the base asset at the price of their fill."""
        self.ordered_lots = 0
        self.filled_lots = 0
        self.maker_lots = 0
        self.turnover_units = 0
        self.quote_units = 0
        """Change of the quote asset since the start."""
        self.base_units = 0
        """Change of the base asset since the start."""
        self.slippage = Slippage()
        self.points: list[Point] = []
        self.draw_down_units = 0
        """The deepest fall of the profit below a height that it had before."""
        self.double_mid_ticks: int | None = None
        """Twice the last mid price; None: there was none yet."""
        self.first_double_mid_ticks: int | None = None

    def send(self, order: OwnOrder) -> None:
        """The strategy has decided for an order."""
        self.counts["sent"] += 1
        self._orders[order.client_order_id] = order

    def hear(self, report: ReportEvent) -> None:
        """Matching, or the orders stage, has reported of the account's orders."""
        kind = report.execution_type
        if kind == "NEW":
            self.counts["accepted"] += 1
            self.ordered_lots += report.quantity_lots
        elif kind == "TRADE":
            self._fill(report)
        elif kind in ("REJECTED", "CANCEL_REJECTED", "AMEND_REJECTED"):
            self.counts[kind.lower()] += 1
            self.refused[report.reject_reason] += 1
        else:
            self.counts[kind.lower()] += 1

    def look(self, now_ms: int) -> None:
        """A moment is over: how it stands now."""
        bids, asks = self._book.bids.keys, self._book.asks.keys
        if bids and asks:
            self.double_mid_ticks = bids[-1] - asks[-1]
            if self.first_double_mid_ticks is None:
                self.first_double_mid_ticks = self.double_mid_ticks
        if self.double_mid_ticks is None:
            return
        profit = self.profit_units
        self._peak_units = max(self._peak_units, profit)
        self.draw_down_units = max(self.draw_down_units, self._peak_units - profit)
        if now_ms >= self._next_ms:
            self._next_ms = now_ms - now_ms % self._every_ms + self._every_ms
            self.points.append(Point(now_ms, profit, self.base_units))

    def finish(self, now_ms: int) -> None:
        """The last point of the curve."""
        if self.double_mid_ticks is not None and (
            not self.points or self.points[-1].time_ms < now_ms
        ):
            self.points.append(Point(now_ms, self.profit_units, self.base_units))

    @property
    def profit_units(self) -> int:
        """Of the quote asset, the position at the last mid price."""
        return self.quote_units + self.worth(self.base_units, self.double_mid_ticks or 0)

    def worth(self, base_units: int, double_mid_ticks: int) -> int:
        """What minor units of the base asset are worth in those of the quote asset."""
        rules = self._rules
        per_lot = double_mid_ticks * rules.quote_units_per_tick_lot
        return base_units * per_lot // (2 * rules.base_units_per_lot)

    def _fill(self, report: ReportEvent) -> None:
        rules, lots = self._rules, report.last_quantity_lots
        units = lots * rules.base_units_per_lot
        fee = report.commission_units
        self.counts["fills"] += 1
        if report.order_status == "FILLED":
            self.counts["filled"] += 1
        self.filled_lots += lots
        self.turnover_units += report.last_quote_units
        if report.role == "MAKER":
            self.maker_lots += lots
        if report.side == "BUY":
            self.quote_units -= report.last_quote_units
            self.base_units += units - fee
            self.fees[rules.base_asset] += fee
            self.fees_in_quote_units += self.worth(fee, 2 * report.last_price_ticks)
        else:
            self.quote_units += report.last_quote_units - fee
            self.base_units -= units
            self.fees[rules.quote_asset] += fee
            self.fees_in_quote_units += fee
        order = self._orders.get(report.client_order_id)
        if order is not None:
            self.slippage.add(order, report.last_price_ticks, lots)
