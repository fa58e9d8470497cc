"""I4: what is held is what open orders still need, also while everything moves.

The cuts are taken one after the other: first where the orders stage stands, then matching, then
accounts.  So what orders has done with a reservation before its cut is in the log, and every order
that matching has seen was paid for before the wallets' cut.  A hold is left out, and counted, where

- accounts had not come to a command on it yet, or had come to one of a later command to matching;
- its order was on the way: the orders stage had not seen the reservation, or matching the order.

When the log is quiet there is none of these.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from schemas.instruments import Instrument
from schemas.topics import (
    ORDERS_COMMANDS,
    ORDERS_EXECUTIONS,
    ORDERS_INCOMING,
    WALLET_COMMANDS,
    WALLET_EVENTS,
)
from streams.domain.events import ReportEvent
from streams.domain.order import Order
from streams.domain.reservation import still_needed
from streams.domain.wallet import Wallet
from tradeflow.checking.entry import Entry
from tradeflow.checking.findings import Findings
from tradeflow.checking.placed_orders import PLACEMENTS, hold_in
from tradeflow.topic_reader import Partition

HoldKey = tuple[str, str]
"""Account and hold."""

_COMMANDS, _EVENTS, _INCOMING = WALLET_COMMANDS.name, WALLET_EVENTS.name, ORDERS_INCOMING.name
_ORDERS_INPUTS = (ORDERS_COMMANDS.name, WALLET_EVENTS.name, ORDERS_EXECUTIONS.name)


class Holds:
    """Which holds are moving at the cut, and what the others must be."""

    def __init__(
        self,
        findings: Findings,
        instruments: Mapping[str, Instrument],
        cut: Mapping[Partition, int],
    ) -> None:
        """``cut`` says of the stages' inputs which record is the first that is not looked at."""
        self._findings = findings
        self._instruments = instruments
        self._cut = cut
        self._moving: set[HoldKey] = set()
        self._on_the_way: set[HoldKey] = set()
        self._strange: set[HoldKey] = set()
        """Reserved by somebody who is no stage: nobody knows for what."""

    def take(self, entry: Entry) -> None:
        """The next record of any topic."""
        topic, name = entry.topic, entry.name
        if topic == _COMMANDS:
            if name == "WalletReserveFundsCommand":
                if not entry.is_caused_by(*_ORDERS_INPUTS):
                    self._strange.add((entry.value["account_id"], entry.value["command_id"]))
            elif name in ("WalletSettleFillCommand", "WalletReleaseFundsCommand"):
                self._look_at_settlement(entry)
        elif topic == _EVENTS:
            if name == "FundsReservedEvent" and not self._is_before(entry.partition, entry.offset):
                self._on_the_way.add((entry.value["account_id"], entry.value["command_id"]))
        elif (
            topic == _INCOMING
            and name in PLACEMENTS
            and not self._is_before(entry.partition, entry.offset)
        ):
            self._on_the_way.add((entry.value["account_id"], hold_in(entry.value)))

    def _look_at_settlement(self, entry: Entry) -> None:
        is_applied = self._is_before(entry.partition, entry.offset)
        cause = entry.cause
        is_later = (
            cause is not None
            and cause.partition.topic == _INCOMING
            and not self._is_before(cause.partition, cause.offset)
        )
        if is_later or not is_applied:
            self._moving.add((entry.value["account_id"], entry.value["hold_id"]))

    def _is_before(self, partition: Partition, offset: int) -> bool:
        return offset < self._cut.get(partition, 0)

    def finish(self, orders: Iterable[Order], wallets: Mapping[int, Wallet]) -> None:
        """Compare the orders that are open at matching's cut with the holds at the wallets'."""
        open_holds = {
            (hold.account_id, hold.hold_id): (hold.left_units, number)
            for number, wallet in wallets.items()
            for hold in wallet.state.holds.values()
            if not hold.closed_ms
        }
        figures = self._findings.standing
        figures |= {"open holds": len(open_holds), "holds under way": 0, "holds compared": 0}
        for key, paid in _by_hold(orders).items():
            left, _ = open_holds.pop(key, (0, 0))
            if key in self._moving:
                figures["holds under way"] += 1
                continue
            figures["holds compared"] += 1
            # One hold pays for both legs of a list, of which one trades.
            needed = max(needed_by(self._instruments[each.symbol], each) for each in paid)
            if left != needed:
                order = paid[0]
                text = f"{left} units are held and {needed} needed: hold {order.hold_id!r}"
                where = f"{order.symbol} order {order.order_id} of {order.account_id}"
                self._findings.violated(where, text)
        for key, (left, number) in open_holds.items():
            if key in self._moving or key in self._on_the_way or key in self._strange:
                figures["holds under way"] += 1
                continue
            text = f"{left} units are held for no order: hold {key[1]!r} of {key[0]}"
            self._findings.violated(f"{_COMMANDS}/{number}", text)

    def to_state(self, wallets: Mapping[int, Wallet]) -> list[Any]:
        """For a checkpoint: the strange holds that are still open."""
        return [
            [hold.account_id, hold.hold_id]
            for wallet in wallets.values()
            for hold in wallet.state.holds.values()
            if not hold.closed_ms and (hold.account_id, hold.hold_id) in self._strange
        ]

    def load(self, state: list[Any]) -> None:
        """Go on from a checkpoint."""
        self._strange = {(account_id, hold_id) for account_id, hold_id in state}


def _by_hold(orders: Iterable[Order]) -> dict[HoldKey, list[Order]]:
    found: dict[HoldKey, list[Order]] = defaultdict(list)
    for order in orders:
        if order.hold_id:
            found[order.account_id, order.hold_id].append(order)
    return found


def needed_by(instrument: Instrument, order: Order) -> int:
    """What an open order still needs of its hold, in minor units."""
    report = ReportEvent(order.command_id, order.account_id, order.symbol)
    report.side = order.side
    report.order_type = order.order_type
    report.order_status = order.open_status
    report.quote_quantity_units = order.quote_quantity_units
    report.budget_units = order.budget_units
    report.reserved_price_ticks = order.reserved_price_ticks
    report.leaves_quantity_lots = order.leaves_lots
    report.cumulative_quantity_lots = order.cumulative_quantity_lots
    report.cumulative_quote_units = order.cumulative_quote_units
    return still_needed(instrument, report)
