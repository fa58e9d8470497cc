"""The loop of a load run: commands out at a rate, reports in, until it is over."""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf
from typing import Protocol, cast

from schemas.records import ExecutionReport
from tradeflow.answers import Answers
from tradeflow.command_feed import CommandFeed
from tradeflow.event_reader import EventReader
from tradeflow.flow.order_records import Command
from tradeflow.present import now_ms

log = logging.getLogger(__name__)

_WAITING_MIN, _WAITING_MAX = 100, 2_000
_WAITING_SECONDS = 5
_READ_EVERY = 100
_LONGEST_WAIT_SECONDS = 0.05
_LOOK_EVERY_SECONDS = 1.0
_GIVE_UP_SECONDS = 60.0
_SILENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How fast, and how long; what is infinite does not end the run."""

    rate: float
    """Commands a second; infinite: flat out."""
    count: float = inf
    seconds: float = inf

    def waiting_max(self, open_orders: int) -> float:
        """Commands that may be unanswered before no more are sent.

        Many beside the orders that are open, and those that the flow cancels were filled meanwhile.
        At a given rate it is what a restarting worker may miss; the rest is not made up for.
        """
        most = min(_WAITING_MAX, max(_WAITING_MIN, open_orders // 4))
        if self.rate == inf:
            return most
        return min(most, max(_WAITING_MIN, self.rate * _WAITING_SECONDS))


class Flow(Protocol):
    """What makes commands; each is told what became of all of them."""

    number: int
    """Commands made so far."""

    @property
    def open_orders(self) -> int:
        """About as many orders stay open."""

    @property
    def is_hasty(self) -> bool:
        """Whether the next command is not to wait for its turn."""

    def next_command(self, time_ms: int) -> Command | None:
        """The next command, stamped with this time; None: there is nothing to do just now."""

    def note(self, report: ExecutionReport) -> None:
        """Learn from a report, whosever order it is about."""

    def forget(self, names: Iterable[str]) -> None:
        """Wait no more for what these commands do."""


class LoadRun:
    """Sends a flow's commands and correlates the reports."""

    def __init__(
        self,
        generator: Flow,
        feed: CommandFeed,
        reader: EventReader,
        limits: Limits,
        *,
        look: Callable[["LoadRun"], None],
    ) -> None:
        self.generator = generator
        self.answers = Answers()
        self.started = time.perf_counter()
        self.seconds = 0.0
        """From the first command to the last answer."""
        self._feed = feed
        self._reader = reader
        self._limits = limits
        self._look = look
        self._is_stopped = False
        self._is_silent = False
        self._unread = 0
        self._next_look = self.started

    def stop(self) -> None:
        """Send no more; what was sent is still waited for."""
        self._is_stopped = True

    def play(self) -> None:
        """Send until the limits are reached or ``stop``, then await the answers."""
        self.started = due = time.perf_counter()
        ends = self.started + self._limits.seconds
        waiting_max = self._limits.waiting_max(self.generator.open_orders)
        while not self._is_stopped and self.generator.number < self._limits.count:
            now = time.perf_counter()
            if now >= ends:
                break
            if self.answers.waiting >= waiting_max:
                self._read(_LONGEST_WAIT_SECONDS)
                due = time.perf_counter()
            elif due > now:
                self._read(min(due - now, ends - now, _LONGEST_WAIT_SECONDS))
            else:
                is_hasty = self.generator.is_hasty
                command = self.generator.next_command(now_ms())
                if command is not None:
                    self._send(command)
                # A moment missed is made up for, but not much of it.
                due = now if is_hasty else max(due + 1 / self._limits.rate, now - 0.1)
                self._unread += 1
                if self._unread >= _READ_EVERY:
                    self._read(0.0)
        self._await_answers()
        self.seconds = time.perf_counter() - self.started

    def _send(self, command: Command) -> None:
        kind, record = command
        self.answers.add(kind, record, time.perf_counter())
        self._feed.send(kind, record)

    def _read(self, timeout_seconds: float) -> int:
        self._unread = 0
        self._feed.poll()
        events = self._reader.read(timeout_seconds=timeout_seconds)
        now = time.perf_counter()
        for name, record in events:
            if name == "ExecutionReport":
                report = cast("ExecutionReport", record)
                self.answers.take(report, now)
                self.generator.note(report)
        if events and self._is_silent:
            self._is_silent = False
            log.warning("The exchange answers again.")
        if now >= self._next_look:
            self._next_look = now + _LOOK_EVERY_SECONDS
            self._give_up(now - _GIVE_UP_SECONDS)
        self._look(self)
        return len(events)

    def _give_up(self, before: float) -> None:
        lost = self.answers.give_up(before)
        self.generator.forget(lost)
        if lost and not self._is_silent:
            self._is_silent = True
            log.warning("The exchange does not answer; commands are still sent, slowly.")

    def _await_answers(self) -> None:
        last = time.perf_counter()
        while self.answers.waiting and time.perf_counter() - last < _SILENCE_SECONDS:
            if self._read(_LONGEST_WAIT_SECONDS):
                last = time.perf_counter()
