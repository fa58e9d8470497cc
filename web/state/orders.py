"""Every account's orders and trades: all that are open, and the newest of the closed ones."""

from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable
from typing import Any, NamedTuple

from schemas.codec import DecodeError, decode
from schemas.topics import ORDERS_EXECUTIONS, ORDERS_ORDERS
from web.feed.hub import Hub
from web.feed.record import Received
from web.state.prevented_matches import PreventedMatch, prevented_match

Report = dict[str, Any]
"""An ExecutionReport."""

OrderKey = tuple[str, int]
"""Symbol and order id."""

OPEN = frozenset({"NEW", "PARTIALLY_FILLED"})
_NOT_AN_ORDERS = frozenset(
    {"REJECTED", "CANCEL_REJECTED", "AMEND_REJECTED", "STATUS_CHANGED", "ORDER_STATUS"}
)
_GONE_MAX = 10_000


class Amendment(NamedTuple):
    """A reduction of an order in place."""

    report: Report
    """REPLACED."""
    before_lots: int


class AccountOrders:
    """One account's; each order is its last report, under the order's own client order id."""

    __slots__ = (
        "_by_client_id",
        "_closed",
        "_gone",
        "_kept",
        "_told",
        "amendments",
        "open",
        "prevented",
        "trades",
    )

    def __init__(self, kept: int) -> None:
        self.open: dict[OrderKey, Report] = {}
        self.trades: deque[Report] = deque(maxlen=kept)
        """Its own fills, the oldest first."""
        self.amendments: deque[Amendment] = deque(maxlen=kept)
        self.prevented: deque[PreventedMatch] = deque(maxlen=kept)
        self._closed: OrderedDict[OrderKey, Report] = OrderedDict()
        self._told: dict[OrderKey, Report] = {}
        """The last report of each order that is known; what is known may be a newer row."""
        self._gone: OrderedDict[OrderKey, None] = OrderedDict()
        self._by_client_id: dict[tuple[str, str], int] = {}
        self._kept = kept

    def find(self, symbol: str, order_id: int) -> Report | None:
        """An order by its id."""
        key = symbol, order_id
        return self.open.get(key) or self._closed.get(key)

    def find_by_client_id(self, symbol: str, client_order_id: str) -> Report | None:
        """The order that has this client order id: of several the open one, else the last one."""
        order_id = self._by_client_id.get((symbol, client_order_id))
        return None if order_id is None else self.find(symbol, order_id)

    def of_symbol(self, symbol: str) -> list[Report]:
        """Open and closed ones of a symbol, by their ids."""
        found = [each for each in self._all() if each["symbol"] == symbol]
        return sorted(found, key=lambda each: int(each["order_id"]))

    def prevented_match_id(self, symbol: str, order_id: int) -> int | None:
        """The last match that an order had no part in because the other one was its owner's."""
        for match in reversed(self.prevented):
            if match.symbol == symbol and order_id in (match.taker_order_id, match.maker_order_id):
                return match.match_id
        return None

    def take(self, report: Report) -> None:
        """What happened to an order, and how it stands by that."""
        before = self._before(report)
        kind = report["execution_type"]
        self.put(report)
        if kind == "TRADE":
            self.trades.append(report)
        elif kind == "REPLACED":
            # What it was before is not told again: without it there is no amendment to speak of.
            if before is not None:
                self.amendments.append(Amendment(report, before["quantity_lots"]))
        elif kind == "TRADE_PREVENTION":
            lost = 0 if before is None else before["prevented_quantity_lots"]
            self._prevent(report, report["prevented_quantity_lots"] - lost)

    def put(self, report: Report) -> None:
        """How an order stands; a report that is older than what is known changes nothing."""
        key = report["symbol"], report["order_id"]
        known = self.find(*key)
        if known is not None and known["execution_id"] >= report["execution_id"]:
            return
        if key in self._gone:
            return  # it was closed so long ago that even its end is forgotten
        report = _under_own_name(report)
        if known is not None and known["client_order_id"] != report["client_order_id"]:
            self._forget_name(known)
        if report["order_status"] in OPEN:
            self.open[key] = report
        else:
            self.open.pop(key, None)
            self._closed[key] = report
        self._name(report)
        while len(self._closed) > self._kept:
            gone, oldest = self._closed.popitem(last=False)
            self._forget_name(oldest)
            self._told.pop(gone, None)
            self._gone[gone] = None
            if len(self._gone) > _GONE_MAX:
                self._gone.popitem(last=False)

    def _before(self, report: Report) -> Report | None:
        """How its order stood; a row that tells of the report itself may be here first."""
        key = report["symbol"], report["order_id"]
        before = self._told.get(key) or self.find(*key)
        if key not in self._gone:
            self._told[key] = report
        is_older = before is not None and before["execution_id"] < report["execution_id"]
        return before if is_older else None

    def _name(self, report: Report) -> None:
        symbol, order_id = report["symbol"], report["order_id"]
        name = symbol, report["client_order_id"]
        holder = self._by_client_id.get(name, order_id)
        is_open = report["order_status"] in OPEN
        if is_open or (holder <= order_id and (symbol, holder) not in self.open):
            self._by_client_id[name] = order_id

    def _forget_name(self, report: Report) -> None:
        name = report["symbol"], report["client_order_id"]
        if self._by_client_id.get(name) == report["order_id"]:
            del self._by_client_id[name]

    def _prevent(self, report: Report, lots: int) -> None:
        if self.prevented and self.prevented[-1].is_told_again_by(report):
            self.prevented[-1] = self.prevented[-1]._replace(second_id=report["execution_id"])
            return
        counter = self.find(report["symbol"], report["counter_order_id"])
        self.prevented.append(prevented_match(report, counter, lots))

    def _all(self) -> Iterable[Report]:
        yield from self.open.values()
        yield from self._closed.values()


def _under_own_name(report: Report) -> Report:
    """The report with the order's client order id, where it has the cancel's."""
    if report["execution_type"] != "CANCELED" or not report["original_client_order_id"]:
        return report
    return {**report, "client_order_id": report["original_client_order_id"]}


class OrderBooks:
    """The orders of all accounts."""

    def __init__(self, kept: int) -> None:
        self._accounts: dict[str, AccountOrders] = defaultdict(lambda: AccountOrders(kept))

    def of(self, account_id: str) -> AccountOrders:
        """An account's orders, perhaps none."""
        return self._accounts[account_id]

    def listen(self, hub: Hub) -> None:
        """Follow reports, and the rows that the orders stage keeps."""
        hub.on(ORDERS_EXECUTIONS.name, "ExecutionReport", self._on_report)
        hub.on(ORDERS_ORDERS.name, "OrderSagaRow", self._on_row)

    def _on_report(self, received: Received) -> None:
        report = received.record
        if report["execution_type"] not in _NOT_AN_ORDERS and report["order_id"]:
            self._accounts[report["account_id"]].take(report)

    def _on_row(self, received: Received) -> None:
        data = received.record["report"]
        if not data:
            return
        try:
            _, report = decode(data)
        except DecodeError:
            return
        # A refused change tells how its order stands as well.
        if report["order_id"] and report["execution_type"] != "REJECTED":
            self._accounts[report["account_id"]].put(report)
