"""One replay against an exchange: commands out, events in, until all is answered.

Placements reach matching in the order in which they are sent: they are of one account, and each
stage on their way keeps the order of a partition.  A cancel or an amendment has a shorter way, and
would overtake placements whose money is being reserved.  So it is sent when all of those are
answered, and not before: the mirror's order is the exchange's.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from schemas.records import PlaceOrder
from tradeflow.command_feed import CommandFeed
from tradeflow.errors import TradeflowError
from tradeflow.event_reader import EventReader
from tradeflow.funding import Treasury
from tradeflow.replay.order_flow import HOUSE, OrderFlow
from tradeflow.replay.pace import Pace
from tradeflow.replay.purse import Purse
from tradeflow.replay.reached import Reached
from tradeflow.replay.recording import DepthSnapshot, FlowEvent, RecordedTrade

_WAITING_MAX = 2_000
"""Commands that may be unanswered: so the view is not far behind what is sent."""

_READ_EVERY = 500
_SILENCE_SECONDS = 10.0
_LONGEST_WAIT_SECONDS = 0.05
_PATIENCE_SECONDS = 60.0
"""How long the exchange may say nothing before a run ends: its stages time out sooner."""


class ReplayRun:
    """Drives one recording through one exchange.

    ``stamp`` gives the time that a command carries, in ms, from the recorded one; ``looks`` are
    called again and again and may raise to end the run.
    """

    def __init__(
        self,
        flow: OrderFlow,
        reached: Reached,
        feed: CommandFeed,
        treasury: Treasury,
        readers: Sequence[EventReader],
        *,
        pace: Pace,
        stamp: Callable[[int], int],
        looks: Sequence["Look"],
    ) -> None:
        self.flow = flow
        self.reached = reached
        self.events = 0
        self.first_ms = 0
        self.now_ms = 0
        """The recorded moment that is played."""
        self.seconds = 0.0
        """From the first command to the last answer."""
        self.is_stopped = False
        self.treasury = treasury
        self._feed = feed
        self._purse = Purse(flow.instrument)
        self._readers = readers
        self._pace = pace
        self._stamp = stamp
        self._looks = looks
        self._unread = 0
        self._placed = 0
        """Placements since all was last answered."""
        self._held: Counter[str] = Counter()
        """What the house will hold after all that was sent."""

    def play(self, events: Iterable[FlowEvent]) -> None:
        """Send the commands of all events, or of those before ``stop``, and await the answers."""
        started = time.perf_counter()
        for event in events:
            if self.is_stopped:
                break
            self._wait_for(event)
            self.events += 1
            for kind, command in self.flow.commands(event):
                self._send(kind, dict(command))
            if not isinstance(event, RecordedTrade) and self.flow.recorded.is_complete:
                self.reached.samples.expect(self.flow.number, self.flow.recorded.best_prices())
        self._await_answers()
        self.reached.finish()
        self.seconds = time.perf_counter() - started

    def stop(self) -> None:
        """Play no further event; commands that were sent are still waited for."""
        self.is_stopped = True

    def _wait_for(self, event: FlowEvent) -> None:
        if isinstance(event, DepthSnapshot):
            return
        self.now_ms = max(self.now_ms, event.time_ms)
        self.first_ms = self.first_ms or event.time_ms
        due = self._pace.due(event.time_ms, time.perf_counter())
        while not self.is_stopped and (left := due - time.perf_counter()) > 0:
            self._read(min(left, _LONGEST_WAIT_SECONDS))

    def _send(self, kind: str, command: dict[str, Any]) -> None:
        if kind == "PlaceOrder":
            self._pay(cast("PlaceOrder", command))
            self._placed += 1
        elif self._placed:
            self._wait_until(0)
            self._placed = 0
            self._purse.settle(self._held)
        command["time_ms"] = self._stamp(command["time_ms"])
        self.reached.answers.add(kind, command, time.perf_counter())
        self._feed.send(kind, command)
        self._held = Counter(self.flow.mirror.held)
        self._unread += 1
        if self._unread >= _READ_EVERY:
            self._read(0.0)
        self._wait_until(_WAITING_MAX - 1)

    def _pay(self, order: PlaceOrder) -> None:
        """See to it that the house can pay for an order."""
        asset, paid = self._purse.spend(order), self.flow.mirror.paid
        if not self._purse.lacks(asset, paid[asset]):
            return
        levels = self.flow.recorded.levels("BUY" if order["side"] == "BUY" else "SELL")
        units = self._purse.supply(asset, paid[asset], levels)
        self.treasury.bring_in(HOUSE, asset, units)
        self._purse.bring_in(asset, units)

    def _wait_until(self, waiting: int) -> None:
        """Read until no more than so many commands wait for their answer."""
        heard = time.perf_counter()
        while self.reached.answers.waiting > waiting:
            now = time.perf_counter()
            if self._read(_LONGEST_WAIT_SECONDS):
                heard = now
            elif now - heard > _PATIENCE_SECONDS:
                raise TradeflowError(
                    f"The exchange has not answered for {_PATIENCE_SECONDS:.0f} s.",
                    remedy="See that its workers run: tradeflow up",
                )

    def _await_answers(self) -> None:
        last_event = time.perf_counter()
        while not self._is_done() and time.perf_counter() - last_event < _SILENCE_SECONDS:
            if self._read(_LONGEST_WAIT_SECONDS):
                last_event = time.perf_counter()

    def _is_done(self) -> bool:
        mirror = self.flow.mirror
        return (
            self.reached.answers.waiting == 0
            and self.reached.last_change_id == mirror.last_change_id
            and self.reached.trades >= mirror.trades
        )

    def _read(self, timeout_seconds: float) -> int:
        """Read what is there; how much it was."""
        self._unread = 0
        self._feed.poll()
        count = 0
        for reader in self._readers:
            for name, record in reader.read(timeout_seconds=0.0 if count else timeout_seconds):
                self.reached.take(name, record, time.perf_counter())
                count += 1
        for look in self._looks:
            look(self)
        return count


Look = Callable[[ReplayRun], None]
"""Something that looks at a run while it plays."""
