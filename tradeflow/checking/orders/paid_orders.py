"""I4, of orders on their way: none reaches matching that a reservation has not paid for."""

from collections import deque
from collections.abc import Mapping
from typing import Any, cast

from schemas.instruments import Instrument
from schemas.records import PlaceOrder
from streams.domain.reservation import reservation
from tradeflow.checking.entry import Entry
from tradeflow.checking.findings import Findings
from tradeflow.checking.orders.terms import INPUTS
from tradeflow.checking.placed_orders import hold_in, orders_in

_GIVEN_BACK_MAX = 10_000
"""So many releases are remembered whose reservations were not read: those of failed ones stay."""

_GIVEN_BACK_MS = 300_000
"""A reservation that is this much later in the log is another one: ids are used again later."""


class PaidOrders:
    """Reservations and orders by hold, in whatever order they are read; each is used once."""

    def __init__(self, findings: Findings, instruments: Mapping[str, Instrument]) -> None:
        self._findings = findings
        self._instruments = instruments
        self._reserved: dict[str, deque[list[Any]]] = {}
        """By hold: symbol, asset and units of reservations that no order was seen for."""
        self._orders: dict[str, deque[list[Any]]] = {}
        """By hold: partition, offset and what they need, of orders that wait for theirs."""
        self._given_back: dict[str, int] = {}
        """By hold, the log's time of a release."""

    def reserved(self, entry: Entry) -> None:
        """FundsReservedEvent: money was set aside."""
        event = entry.value
        if event["is_repeat"]:
            return
        key = f"{event['account_id']} {event['command_id']}"
        paid = [event["symbol"], event["asset"], event["amount_units"]]
        released_ms = self._given_back.pop(key, None)
        if released_ms is not None and entry.record.timestamp_ms < released_ms + _GIVEN_BACK_MS:
            return
        if waiting := _take(self._orders, key):
            self._compare(key, waiting, paid)
        else:
            self._reserved.setdefault(key, deque()).append(paid)

    def ordered(self, entry: Entry) -> None:
        """A placement on ``orders.incoming``."""
        hold_id = hold_in(entry.value)
        if not hold_id:
            if entry.is_caused_by(*INPUTS):
                text = f"order {entry.value['command_id']!r} went to matching, and no hold pays it"
                self._findings.violated(entry.position, text)
            return
        self._findings.figures["paid orders"] += 1
        instrument = self._instruments.get(entry.value["symbol"])
        if instrument is None:
            return
        orders = cast(list[PlaceOrder], orders_in(entry.value))
        dearest = max(reservation(instrument, order) for order in orders)
        needed = [entry.value["symbol"], *dearest]
        key = f"{entry.value['account_id']} {hold_id}"
        waiting = [entry.number, entry.offset, *needed]
        if paid := _take(self._reserved, key):
            self._compare(key, waiting, paid)
        else:
            self._orders.setdefault(key, deque()).append(waiting)

    def given_back(self, entry: Entry) -> None:
        """A release by the orders stage: no order comes of this reservation."""
        key = f"{entry.value['account_id']} {entry.value['hold_id']}"
        if _take(self._reserved, key) is None:
            self._given_back[key] = entry.record.timestamp_ms
            if len(self._given_back) > _GIVEN_BACK_MAX:
                del self._given_back[next(iter(self._given_back))]

    def _compare(self, key: str, waiting: list[Any], paid: list[Any]) -> None:
        number, offset, *needed = waiting
        if needed != paid:
            text = f"hold {key!r} is of {paid}, and its order needs {needed}"
            self._findings.violated(f"orders.incoming/{number}/{offset}", text)

    @property
    def early(self) -> int:
        """Orders whose reservations were not read yet."""
        return len(self._orders)

    def finish(self, cut: Mapping[int, int]) -> None:
        """All was read: orders that matching has seen were all paid for."""
        for key, orders in self._orders.items():
            for number, offset, *_ in orders:
                if offset < cut.get(number, 0):
                    text = f"the order of hold {key!r} has no reservation (or had it twice)"
                    self._findings.violated(f"orders.incoming/{number}/{offset}", text)

    def to_state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {
            "reserved": {key: list(each) for key, each in self._reserved.items()},
            "orders": {key: list(each) for key, each in self._orders.items()},
            "given_back": self._given_back,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        self._reserved = {key: deque(each) for key, each in state["reserved"].items()}
        self._orders = {key: deque(each) for key, each in state["orders"].items()}
        self._given_back = dict(state["given_back"])


def _take(kept: dict[str, deque[list[Any]]], key: str) -> list[Any] | None:
    """The first one of a key, which is there no more then."""
    queue = kept.get(key)
    if queue is None:
        return None
    first = queue.popleft()
    if not queue:
        del kept[key]
    return first
