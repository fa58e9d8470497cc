"""Every account's order lists: their names, and which orders they are of."""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from schemas.careful import HEADER_BYTES
from schemas.codec import DecodeError, decode, header
from schemas.registry import registry
from schemas.topics import ORDERS_ORDERS
from web.feed.hub import Hub
from web.feed.record import Received

_PLACE_ORDER_LIST = header(registry().newest["PlaceOrderList"][0])
_SECOND_LEG = "~b"
"""Behind a list's command id: the saga of its second leg."""


class OrderList(NamedTuple):
    """A list whose orders were accepted."""

    symbol: str
    list_id: int
    """The order id of its first leg: unique in its symbol."""
    client_id: str
    legs: tuple[str, str]
    """The client order ids of its orders."""
    placed_ms: int
    """When it was sent; its orders say when it was accepted."""

    @property
    def order_ids(self) -> tuple[int, int]:
        """Of its legs: they are numbered at once, one behind the other."""
        return self.list_id, self.list_id + 1


def list_of(command: Mapping[str, Any], list_id: int) -> OrderList:
    """The list of a PlaceOrderList that was accepted under this id."""
    return OrderList(
        command["symbol"],
        list_id,
        command["list_client_order_id"],
        (command["first"]["client_order_id"], command["second"]["client_order_id"]),
        command["time_ms"],
    )


OnNew = Callable[[str, OrderList], None]
"""Is told of an account and its list."""


class OrderLists:
    """The lists of all accounts, the newest of each; they are in the orders stage's rows."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._accounts: dict[str, OrderedDict[tuple[str, int], OrderList]] = defaultdict(
            OrderedDict
        )
        self._on_new: list[OnNew] = []

    def on_new(self, listener: OnNew) -> None:
        """Tell ``listener`` of each list that was not known; what was forgotten may come again."""
        self._on_new.append(listener)

    def of(self, account_id: str) -> list[OrderList]:
        """An account's lists, the oldest first."""
        return list(self._accounts.get(account_id, {}).values())

    def find(self, account_id: str, symbol: str, list_id: int) -> OrderList | None:
        """A list by its id."""
        lists = self._accounts.get(account_id)
        return None if lists is None else lists.get((symbol, list_id))

    def add(self, account_id: str, order_list: OrderList) -> None:
        """Know a list; who has just placed it may ask for it before its row is read."""
        lists = self._accounts[account_id]
        key = order_list.symbol, order_list.list_id
        if key in lists:
            return
        lists[key] = order_list
        if len(lists) > self._kept:
            lists.popitem(last=False)
        for listener in self._on_new:
            listener(account_id, order_list)

    def listen(self, hub: Hub) -> None:
        """Follow the rows that the orders stage keeps."""
        hub.on(ORDERS_ORDERS.name, "OrderSagaRow", self._on_row)

    def _on_row(self, received: Received) -> None:
        row = received.record
        payload = row["payload"]
        if payload[:HEADER_BYTES] != _PLACE_ORDER_LIST or row["saga_id"].endswith(_SECOND_LEG):
            return
        key = row["symbol"], row["order_id"]
        if not row["order_id"] or key in self._accounts[row["account_id"]]:
            return
        try:
            _, command = decode(payload)
        except DecodeError:
            return
        self.add(row["account_id"], list_of(command, row["order_id"]))
