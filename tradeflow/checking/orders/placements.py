"""I2 and I7 of placements: each saga that began comes to one end, which the client is told.

What is known of a placement comes from three topics, in whatever order they are read: its command,
with the reservation that began the saga; the order on ``orders.incoming``; and the outcome, by
matching or by the orders stage.  Only what is not complete is kept.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from schemas.instruments import Instrument
from schemas.records import OrderSagaRow
from tradeflow.checking.entry import Cause, Entry
from tradeflow.checking.findings import Promises
from tradeflow.checking.orders.terms import paid_orders, saga_of
from tradeflow.checking.placed_orders import hold_in
from tradeflow.checking.rows import first_difference

IsPast = Callable[[Any], bool]
"""Whether a record, by topic, partition and offset, lies before the cut of who reads it."""

STUCK_AFTER = 4
"""Times the saga's time-out: so long may a step be on its way, by the log's own clocks."""

_UNDER_WAY = ("STARTED", "FUNDS_RESERVED", "MATCHING_SUBMITTED")


@dataclass(slots=True)
class Placement:
    """What was read of the placements of one id, oldest first, and not put together yet."""

    begun: deque[list[Any]] = field(default_factory=deque)
    """Name, command and place in the log."""
    orders: deque[list[Any]] = field(default_factory=deque)
    """Name, what went to matching, position and cause."""
    outcomes: deque[list[Any]] = field(default_factory=deque)
    """What it was, position, cause, and whether matching must have had the order."""
    touched_ms: int = 0
    """The log's time of the last step."""


class Placements:
    """The placements that are under way, by ``account saga``."""

    def __init__(self, found: Promises, instruments: Mapping[str, Instrument]) -> None:
        self._found = found
        self._instruments = instruments
        self._open: dict[str, Placement] = {}

    def __len__(self) -> int:
        return len(self._open)

    # --- what is read ----------------------------------------------------------------------------

    def begin(self, name: str, command: Mapping[str, Any], place: list[Any], now_ms: int) -> None:
        """A reservation was asked for, for the command at a place in ``orders.commands``."""
        key = saga_of(command["account_id"], command["command_id"])
        placement = self._placement(key)
        placement.begun.append([name, command, place])
        self._touch(placement, now_ms)
        self._found.outcomes.figures["placements"] += 1
        self._put_together(key, placement)

    def touch(self, key: str, entry: Entry) -> None:
        """A step of the saga that is no end."""
        if key in self._open:
            self._touch(self._open[key], entry.record.timestamp_ms)

    def order(self, key: str, entry: Entry, cause: Cause) -> None:
        """The orders stage sent the order to matching."""
        placement = self._placement(key)
        placement.orders.append([entry.name, entry.value, entry.position, _place(cause)])
        self._touch(placement, entry.record.timestamp_ms)
        self._put_together(key, placement)

    def outcome(self, key: str, entry: Entry, cause: Cause) -> None:
        """NEW or REJECTED, by matching or by the orders stage."""
        report = entry.value
        by_matching = report["execution_id"] or report["hold_id"]
        had_order = by_matching or report["reject_reason"] == "MATCHING_TIMED_OUT"
        self._found.accepted.figures["answers"] += 1
        placement = self._placement(key)
        what = f"{report['execution_type']} for {report['command_id']!r} of {report['account_id']}"
        placement.outcomes.append([what, entry.position, _place(cause), bool(had_order)])
        self._put_together(key, placement)

    def _placement(self, key: str) -> Placement:
        return self._open.setdefault(key, Placement())

    def _touch(self, placement: Placement, time_ms: int) -> None:
        placement.touched_ms = max(placement.touched_ms, time_ms)

    def _put_together(self, key: str, placement: Placement) -> None:
        while placement.begun and len(placement.outcomes) >= _outcomes_of(placement.begun[0]):
            *_, had_order = placement.outcomes[0]
            if had_order and not placement.orders:
                return
            begun = placement.begun.popleft()
            for _ in range(_outcomes_of(begun)):
                placement.outcomes.popleft()
            if had_order:
                self._compare(begun, placement.orders.popleft())
        if not (placement.begun or placement.outcomes or placement.orders):
            del self._open[key]

    def _compare(self, begun: list[Any], order: list[Any]) -> None:
        """The order must be the command's, with what pays for it."""
        name, command, _ = begun
        sent_name, sent, position, _ = order
        instrument = self._instruments.get(command["symbol"])
        if instrument is None:
            return  # it was one when the order was sent, and no rates are known now
        orders = paid_orders(instrument, name, command, hold_in(sent))
        expected: Any = orders[0]
        if sent_name == "CancelReplaceOrder":
            expected = {**command, "place": orders[0]}
        elif sent_name == "PlaceOrderList":
            expected = {**command, "first": orders[0], "second": orders[1]}
        if sent != expected:
            text = first_difference(expected, sent).replace("engine gives", "client asked for")
            self._found.accepted.violated(position, f"{sent_name} {sent['command_id']!r}: {text}")

    # --- the end ---------------------------------------------------------------------------------

    def finish(
        self,
        is_past: IsPast,
        rows: Mapping[int, Mapping[str, OrderSagaRow]],
        clocks: Mapping[int, int],
        timeout_ms: int,
    ) -> None:
        """All was read: judge what is incomplete.

        ``rows`` are the sagas of the partitions whose tables were read, ``clocks`` the time to
        which all inputs of a partition have come.
        """
        in_flight = 0
        for key, placement in self._open.items():
            wanted = sum(_outcomes_of(begun) for begun in placement.begun)
            for what, position, cause, _ in list(placement.outcomes)[wanted:]:
                if is_past(cause):
                    text = f"{what}: nobody sent that, or it was answered before"
                    self._found.accepted.violated(position, text)
            for name, _, position, cause in list(placement.orders)[len(placement.begun) :]:
                if is_past(cause):
                    text = f"{name} of {key!r}: no client sent that, or it was sent before"
                    self._found.accepted.violated(position, text)
            told = len(placement.outcomes)
            for begun in placement.begun:
                told -= _outcomes_of(begun)
                if told >= 0:
                    continue
                in_flight += 1
                self._judge(key, placement, begun, is_past, rows, clocks, timeout_ms)
        self._found.outcomes.standing["placements in flight"] = in_flight

    def _judge(
        self,
        key: str,
        placement: Placement,
        begun: list[Any],
        is_past: IsPast,
        rows: Mapping[int, Mapping[str, OrderSagaRow]],
        clocks: Mapping[int, int],
        timeout_ms: int,
    ) -> None:
        """Say what is wrong with a placement that has no outcome yet."""
        name, _, place = begun
        number = place[1]
        position = "/".join(map(str, place))
        what = f"{name} of {key!r}"
        if number in rows and is_past(place):
            row = rows[number].get(key)
            if row is None:
                text = f"{what} has no outcome, and the orders stage does not know it"
                self._found.outcomes.violated(position, text)
                return
            if row["state"] not in _UNDER_WAY:
                text = f"{what} is {row['state']}, and nobody was told"
                self._found.outcomes.violated(position, text)
                return
        waited_ms = clocks.get(number, 0) - placement.touched_ms
        if not placement.orders and waited_ms > STUCK_AFTER * timeout_ms:
            text = f"{what} is stuck: nothing has happened for {waited_ms // 1_000} s of the log"
            self._found.outcomes.violated(position, text)

    def to_state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {
            key: {
                name: list(value) if isinstance(value, deque) else value
                for name, value in asdict(placement).items()
            }
            for key, placement in self._open.items()
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        for key, kept in state.items():
            self._open[key] = Placement(
                deque(kept["begun"]),
                deque(kept["orders"]),
                deque(kept["outcomes"]),
                kept["touched_ms"],
            )


def _outcomes_of(begun: list[Any]) -> int:
    """How many outcomes a placement has: one for each of its orders."""
    return 2 if begun[0] == "PlaceOrderList" else 1


def _place(cause: Cause) -> list[Any]:
    return [*cause.partition, cause.offset]
