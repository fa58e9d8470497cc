"""What must hold whatever the rules of matching are, checked from the events alone.

The auditor knows no matching.  It keeps books on what it is told, so it would find a mistake that
the engine and its twin make alike.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.instruments import Instrument
from schemas.records import DepthUpdate, ExecutionReport, OrderRow, Trade
from streams.domain.invariants import check_transition
from tests.simulation.reference_exchange import Outcome

TERMINAL = ("FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH")
REFUSALS = ("REJECTED", "CANCEL_REJECTED", "AMEND_REJECTED")


@dataclass
class OrderLife:
    """One order as its reports tell it."""

    side: str
    original_lots: int
    is_by_quote: bool
    maker_rate_ppm: int
    taker_rate_ppm: int
    filled_lots: int = 0
    filled_quote_units: int = 0
    prevented_lots: int = 0
    reduced_lots: int = 0
    canceled_lots: int = 0
    left_lots: int = 0
    has_ended: bool = False
    last_report: ExecutionReport | None = None


class Auditor:
    """Sees every command and what came out of it."""

    def __init__(self, instruments: Mapping[str, Instrument]) -> None:
        self._instruments = instruments
        self.orders: dict[tuple[str, int], OrderLife] = {}
        self._levels: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
        self._last_execution_id: dict[str, int] = defaultdict(int)
        self._last_update_id: dict[str, int] = defaultdict(int)
        self._last_trade_id: dict[str, int] = defaultdict(int)
        self._last_time: dict[str, int] = defaultdict(int)

    def audit(self, kind: str, command: Mapping[str, Any], outcome: Outcome) -> None:
        reports, trades, depth = outcome
        assert reports, "every command is answered"
        for report in reports:
            self._check_ids_and_time(command, report)
            self._follow(kind, command, report)
        self._check_trades(command["symbol"], reports, trades)
        if depth is not None:
            self._apply_depth(depth)
        self._check_not_crossed(command["symbol"])

    # --- orders --------------------------------------------------------------------------------

    def _check_ids_and_time(self, command: Mapping[str, Any], report: ExecutionReport) -> None:
        symbol = report["symbol"]
        self._last_execution_id[symbol] += 1
        assert report["execution_id"] == self._last_execution_id[symbol]
        assert report["command_id"] == command["command_id"]
        assert report["time_ms"] >= max(self._last_time[symbol], command["time_ms"])
        self._last_time[symbol] = report["time_ms"]

    def _follow(self, kind: str, command: Mapping[str, Any], report: ExecutionReport) -> None:
        if report["execution_type"] in (*REFUSALS, "STATUS_CHANGED"):
            return
        key = (report["symbol"], report["order_id"])
        if report["execution_type"] == "NEW":
            assert key not in self.orders, "an order id is given once"
            place = _placement(kind, command, report)
            self.orders[key] = OrderLife(
                side=report["side"],
                original_lots=report["quantity_lots"],
                is_by_quote=report["quote_quantity_units"] > 0,
                maker_rate_ppm=place["maker_rate_ppm"],
                taker_rate_ppm=place["taker_rate_ppm"],
            )
        life = self.orders[key]
        assert not life.has_ended, "nothing happens to an order that has ended"
        assert not check_transition(life.last_report, report)
        life.last_report = report
        if report["execution_type"] == "REPLACED":
            life.reduced_lots = life.original_lots - report["quantity_lots"]
        life.filled_lots += report["last_quantity_lots"]
        life.filled_quote_units += report["last_quote_units"]
        assert report["prevented_quantity_lots"] >= life.prevented_lots
        life.prevented_lots = report["prevented_quantity_lots"]
        self._check_commission(life, report)
        self._conserve(life, report)

    def _conserve(self, life: OrderLife, report: ExecutionReport) -> None:
        """Filled + prevented + cancelled or reduced + left = original."""
        assert report["cumulative_quantity_lots"] == life.filled_lots
        assert report["cumulative_quote_units"] == life.filled_quote_units
        life.has_ended = report["order_status"] in TERMINAL
        life.left_lots = report["leaves_quantity_lots"]
        if life.is_by_quote:
            assert life.left_lots == 0
            assert life.filled_quote_units <= report["quote_quantity_units"]
            return
        rest = life.original_lots - life.filled_lots - life.prevented_lots - life.reduced_lots
        if report["order_status"] in ("CANCELED", "EXPIRED"):
            life.canceled_lots = rest
            rest = 0
        assert rest == life.left_lots
        assert life.canceled_lots >= 0
        assert life.has_ended == (life.left_lots == 0)

    def _check_commission(self, life: OrderLife, report: ExecutionReport) -> None:
        if report["execution_type"] != "TRADE":
            assert (report["commission_units"], report["commission_rate_ppm"]) == (0, 0)
            return
        rules = self._instruments[report["symbol"]]
        received = report["last_quote_units"]
        if life.side == "BUY":
            received = report["last_quantity_lots"] * rules.base_units_per_lot
        rate = life.maker_rate_ppm if report["role"] == "MAKER" else life.taker_rate_ppm
        assert report["commission_rate_ppm"] == rate
        # Rounded down: not more than the exact share, and less than one unit below it.
        excess = received * rate - report["commission_units"] * 1_000_000
        assert 0 <= excess < 1_000_000

    def check_open_orders(self, symbol: str, rows: Iterable[OrderRow]) -> None:
        """The open orders are those of which no end was told, with what is left of each."""
        told = {
            order_id: life.left_lots
            for (of_symbol, order_id), life in self.orders.items()
            if of_symbol == symbol and not life.has_ended
        }
        kept = {}
        for row in rows:
            gone = row["cumulative_quantity_lots"] + row["prevented_quantity_lots"]
            kept[row["order_id"]] = row["quantity_lots"] - gone
        assert told == kept

    # --- trades --------------------------------------------------------------------------------

    def _check_trades(
        self, symbol: str, reports: Iterable[ExecutionReport], trades: Iterable[Trade]
    ) -> None:
        """Each trade is one fill of a maker and one of a taker, and no fill is without one."""
        fills = [report for report in reports if report["execution_type"] == "TRADE"]
        trades = list(trades)
        assert len(fills) == 2 * len(trades)
        for position, trade in enumerate(trades):
            self._last_trade_id[symbol] += 1
            assert trade["trade_id"] == self._last_trade_id[symbol]
            maker, taker = fills[2 * position : 2 * position + 2]
            assert (maker["role"], taker["role"]) == ("MAKER", "TAKER")
            buyer, seller = (maker, taker) if trade["is_buyer_maker"] else (taker, maker)
            assert (buyer["side"], seller["side"]) == ("BUY", "SELL")
            assert trade["buyer_order_id"] == buyer["order_id"] == seller["counter_order_id"]
            assert trade["seller_order_id"] == seller["order_id"] == buyer["counter_order_id"]
            for fill in (maker, taker):
                assert fill["trade_id"] == trade["trade_id"]
                assert fill["last_price_ticks"] == trade["price_ticks"] == maker["price_ticks"]
                assert fill["last_quantity_lots"] == trade["quantity_lots"] > 0
                assert fill["last_quote_units"] == trade["quote_units"]

    # --- depth ---------------------------------------------------------------------------------

    def _apply_depth(self, depth: DepthUpdate) -> None:
        symbol = depth["symbol"]
        assert depth["first_update_id"] == self._last_update_id[symbol] + 1
        count = len(depth["bids"]) + len(depth["asks"])
        assert depth["last_update_id"] == self._last_update_id[symbol] + count
        self._last_update_id[symbol] = depth["last_update_id"]
        for side, changes in (("BUY", depth["bids"]), ("SELL", depth["asks"])):
            prices = [level["price_ticks"] for level in changes]
            assert prices == sorted(set(prices), reverse=side == "BUY")
            levels = self._levels[symbol, side]
            for level in changes:
                assert levels.get(level["price_ticks"], 0) != level["quantity_lots"]
                levels[level["price_ticks"]] = level["quantity_lots"]
                if level["quantity_lots"] == 0:
                    del levels[level["price_ticks"]]

    def _check_not_crossed(self, symbol: str) -> None:
        bids, asks = self._levels[symbol, "BUY"], self._levels[symbol, "SELL"]
        assert not bids or not asks or max(bids) < min(asks), "the book is crossed"

    def check_depth(self, symbol: str, side: str, levels: Mapping[int, int]) -> None:
        assert self._levels[symbol, side] == levels


def _placement(kind: str, command: Mapping[str, Any], report: ExecutionReport) -> Mapping[str, Any]:
    """The order within a command that a report is the first of."""
    if kind == "PlaceOrderList":
        legs: list[Mapping[str, Any]] = [command["first"], command["second"]]
        return next(leg for leg in legs if leg["client_order_id"] == report["client_order_id"])
    place: Mapping[str, Any] = command["place"] if kind == "CancelReplaceOrder" else command
    return place
