"""Every account's order lists: their names, and which orders they are of."""

from collections import OrderedDict, defaultdict
from typing import NamedTuple

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


class OrderLists:
    """The lists of all accounts, the newest of each; they are in the orders stage's rows."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._accounts: dict[str, OrderedDict[tuple[str, int], OrderList]] = defaultdict(
            OrderedDict
        )

    def of(self, account_id: str) -> list[OrderList]:
        """An account's lists, the oldest first."""
        return list(self._accounts.get(account_id, {}).values())

    def add(self, account_id: str, placed: OrderList) -> None:
        """Remember a list that was just accepted: who placed it may ask before its row comes."""
        lists = self._accounts[account_id]
        lists.setdefault((placed.symbol, placed.list_id), placed)
        if len(lists) > self._kept:
            lists.popitem(last=False)

    def listen(self, hub: Hub) -> None:
        """Follow the rows that the orders stage keeps."""
        hub.on(ORDERS_ORDERS.name, "OrderSagaRow", self._on_row)

    def _on_row(self, received: Received) -> None:
        row = received.record
        payload = row["payload"]
        if payload[:HEADER_BYTES] != _PLACE_ORDER_LIST or row["saga_id"].endswith(_SECOND_LEG):
            return
        lists = self._accounts[row["account_id"]]
        key = row["symbol"], row["order_id"]
        if not row["order_id"] or key in lists:
            return
        try:
            _, command = decode(payload)
        except DecodeError:
            return
        known = OrderList(
            row["symbol"],
            row["order_id"],
            command["list_client_order_id"],
            (command["first"]["client_order_id"], command["second"]["client_order_id"]),
            command["time_ms"],
        )
        self.add(row["account_id"], known)
