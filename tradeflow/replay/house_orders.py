"""The house account's resting orders by level, as the reports of a market tell them."""

from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.enums import RejectReason
from streams.domain.events import ReportEvent
from streams.domain.market import Market
from tradeflow.replay.recorded_book import BookSide, Place

REFUSALS = frozenset({"REJECTED", "CANCEL_REJECTED", "AMEND_REJECTED"})
"""The types of reports that refuse a command."""


@dataclass(slots=True)
class HouseOrder:
    """A resting order of the house; quantities in lots."""

    client_order_id: str
    quantity_lots: int
    leaves_lots: int


class HouseOrders(ABC):
    """What the house has on the book of ``market``, oldest first; others may be there too."""

    def __init__(self, market: Market, house: str) -> None:
        self._market = market
        self._house = house
        self._levels: dict[BookSide, dict[int, dict[int, HouseOrder]]] = {
            "BUY": defaultdict(dict),
            "SELL": defaultdict(dict),
        }
        self._lots: dict[Place, int] = {}
        self.held: Counter[str] = Counter()
        """What the house's open orders hold: minor units by asset."""
        self.paid: Counter[str] = Counter()
        """What the house paid in commissions: minor units by asset."""
        self.last_change_id = ""
        """The last command that changed a level."""
        self.trades = 0
        """Trades so far."""

    @abstractmethod
    def apply(self, kind: str, command: Mapping[str, Any]) -> RejectReason:
        """Carry a command of the house out; the reason if it is refused, else NONE."""

    def quantity(self, place: Place) -> int:
        """The lots that the house has on a level."""
        return self._lots.get(place, 0)

    def orders(self, place: Place) -> list[HouseOrder]:
        """The house's orders on a level, oldest first."""
        side, price_ticks = place
        return list(self._levels[side].get(price_ticks, {}).values())

    def places(self) -> set[Place]:
        """All levels of the house."""
        return set(self._lots)

    def best_price(self, side: BookSide) -> int | None:
        """The house's best price of a side in ticks."""
        book = self._market.state.book
        for level in (book.bids if side == "BUY" else book.asks).best_first():
            if (side, level.price_ticks) in self._lots:
                return level.price_ticks
        return None

    def depth(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Bids and asks of everybody as (price ticks, lots), best first."""
        return self._market.depth()

    def follow(self, report: ReportEvent) -> None:
        """Note what was reported of an order of the house."""
        side = report.side
        if side == "NONE":
            return
        price_ticks, order_id = report.price_ticks, report.order_id
        level = self._levels[side][price_ticks]
        before = level.pop(order_id).leaves_lots if order_id in level else 0
        leaves = report.leaves_quantity_lots
        place = side, price_ticks
        self._count_money(report, leaves - before)
        lots = self._lots.get(place, 0) - before + leaves
        if lots:
            self._lots[place] = lots
        else:
            self._lots.pop(place, None)
        if leaves:
            # Only an amend changes an order's name; a cancel's own name is in a terminal report.
            level[order_id] = HouseOrder(report.client_order_id, report.quantity_lots, leaves)
        elif not level:
            del self._levels[side][price_ticks]

    def _count_money(self, report: ReportEvent, lots: int) -> None:
        rules = self._market.state.instrument
        if report.side == "BUY":
            spent, received = rules.quote_asset, rules.base_asset
            units = report.price_ticks * lots * rules.quote_units_per_tick_lot
        else:
            spent, received = rules.base_asset, rules.quote_asset
            units = lots * rules.base_units_per_lot
        self.held[spent] += units
        self.paid[received] += report.commission_units
