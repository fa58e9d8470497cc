"""Every account's orders and trades: all that are open, and the newest of the closed ones."""

from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable
from typing import Any

from schemas.codec import DecodeError, decode
from schemas.topics import ORDERS_EXECUTIONS, ORDERS_ORDERS
from web.feed.hub import Hub
from web.feed.record import Received

Report = dict[str, Any]
"""An ExecutionReport."""

OrderKey = tuple[str, int]
"""Symbol and order id."""

OPEN = frozenset({"NEW", "PARTIALLY_FILLED"})
_NOT_AN_ORDERS = frozenset(
    {"REJECTED", "CANCEL_REJECTED", "AMEND_REJECTED", "STATUS_CHANGED", "ORDER_STATUS"}
)


class AccountOrders:
    """One account's; each order is its last report."""

    __slots__ = ("_by_client_id", "_closed", "_kept", "open", "trades")

    def __init__(self, kept: int) -> None:
        self.open: dict[OrderKey, Report] = {}
        self.trades: deque[Report] = deque(maxlen=kept)
        """Its own fills, the oldest first."""
        self._closed: OrderedDict[OrderKey, Report] = OrderedDict()
        self._by_client_id: dict[tuple[str, str], int] = {}
        self._kept = kept

    def find(self, symbol: str, order_id: int) -> Report | None:
        """An order by its id."""
        key = symbol, order_id
        return self.open.get(key) or self._closed.get(key)

    def find_by_client_id(self, symbol: str, client_order_id: str) -> Report | None:
        """The last order that had this client order id."""
        order_id = self._by_client_id.get((symbol, client_order_id))
        return None if order_id is None else self.find(symbol, order_id)

    def of_symbol(self, symbol: str) -> list[Report]:
        """Open and closed ones of a symbol, by their ids."""
        found = [each for each in self._all() if each["symbol"] == symbol]
        return sorted(found, key=lambda each: int(each["order_id"]))

    def put(self, report: Report) -> None:
        """How an order stands; a report that is older than what is known changes nothing."""
        key = report["symbol"], report["order_id"]
        known = self.find(*key)
        if known is not None and known["execution_id"] >= report["execution_id"]:
            return
        self._by_client_id[report["symbol"], report["client_order_id"]] = report["order_id"]
        if report["order_status"] in OPEN:
            self.open[key] = report
            return
        self.open.pop(key, None)
        self._closed[key] = report
        while len(self._closed) > self._kept:
            (symbol, order_id), oldest = self._closed.popitem(last=False)
            name = symbol, oldest["client_order_id"]
            if self._by_client_id.get(name) == order_id:
                del self._by_client_id[name]

    def _all(self) -> Iterable[Report]:
        yield from self.open.values()
        yield from self._closed.values()


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
        if report["execution_type"] in _NOT_AN_ORDERS or not report["order_id"]:
            return
        account = self._accounts[report["account_id"]]
        account.put(report)
        if report["execution_type"] == "TRADE":
            account.trades.append(report)

    def _on_row(self, received: Received) -> None:
        data = received.record["report"]
        if not data:
            return
        try:
            _, report = decode(data)
        except DecodeError:
            return
        if report["order_id"] and report["execution_type"] != "REJECTED":
            self._accounts[report["account_id"]].put(report)
