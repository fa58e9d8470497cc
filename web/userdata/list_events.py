"""``listStatus``: a list of orders is placed, and later none of them is open any more.

A report says which list its order is in.  The list's name is in a row of the orders stage, which
may come later: what is to be told of a list waits for it.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

from schemas.topics import ORDERS_EXECUTIONS
from web.binance.user_events import list_status
from web.feed.hub import Hub
from web.feed.record import Received
from web.state.order_lists import OrderList, OrderLists
from web.state.orders import OPEN, OrderBooks
from web.userdata.event import Event
from web.userdata.user_data import UserData

_WAITING_MAX = 1_000
_ENDS = frozenset({"TRADE", "CANCELED", "EXPIRED", "TRADE_PREVENTION"})


class _Untold(NamedTuple):
    is_done: bool
    at_ms: int


class ListEvents:
    """Tells accounts that are listened to of their lists, behind their orders' reports."""

    def __init__(self, user_data: UserData, orders: OrderBooks, lists: OrderLists) -> None:
        self._user_data = user_data
        self._orders = orders
        self._lists = lists
        self._waiting: OrderedDict[tuple[str, str, int], list[_Untold]] = OrderedDict()
        """By account, symbol and list id."""

    def listen(self, hub: Hub) -> None:
        """Follow reports; behind ``UserData`` and the state of orders and lists."""
        hub.on(ORDERS_EXECUTIONS.name, "ExecutionReport", self._on_report)
        self._lists.on_new(self._on_list)

    def _on_report(self, received: Received) -> None:
        report = received.record
        if not report["order_list_id"] or not self._user_data.hears(report["account_id"]):
            return
        is_done = self._is_last(report)
        if not is_done and not _is_second_leg_placed(report):
            return
        untold = _Untold(is_done, report["time_ms"])
        key = report["account_id"], report["symbol"], report["order_list_id"]
        known = self._lists.find(*key)
        if known is not None:
            self._tell(key[0], known, untold)
            return
        self._waiting.setdefault(key, []).append(untold)
        if len(self._waiting) > _WAITING_MAX:
            self._waiting.popitem(last=False)

    def _is_last(self, report: Mapping[str, Any]) -> bool:
        """Whether it is the report by which the second of a list's orders ended."""
        if report["order_status"] in OPEN or report["execution_type"] not in _ENDS:
            return False
        # The other's row may be read before its report: of two ends the later one counts.
        other_id = 2 * report["order_list_id"] + 1 - report["order_id"]
        other = self._orders.of(report["account_id"]).find(report["symbol"], other_id)
        return other is None or (
            other["order_status"] not in OPEN and other["execution_id"] < report["execution_id"]
        )

    def _on_list(self, account_id: str, known: OrderList) -> None:
        for untold in self._waiting.pop((account_id, known.symbol, known.list_id), ()):
            self._tell(account_id, known, untold)

    def _tell(self, account_id: str, known: OrderList, untold: _Untold) -> None:
        orders = self._orders.of(account_id)
        # An amendment may have given an order another name since; one that is forgotten had none.
        found = (orders.find(known.symbol, order_id) for order_id in known.order_ids)
        names = [
            placed if order is None else order["client_order_id"]
            for order, placed in zip(found, known.legs, strict=True)
        ]
        payload = list_status(known, names, is_done=untold.is_done, at_ms=untold.at_ms)
        self._user_data.tell(account_id, Event(payload))


def _is_second_leg_placed(report: Mapping[str, Any]) -> bool:
    is_second: bool = report["order_id"] != report["order_list_id"]
    return is_second and report["execution_type"] == "NEW"
