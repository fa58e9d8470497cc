"""All who live on the exchange, as one flow of commands; pure.

Equal seed, run name, instruments and starting books, and equal reports at equal places, give equal
commands, save their times.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random

from schemas.instruments import Instrument
from schemas.records import ExecutionReport
from tradeflow.flow.generator import StartingBook
from tradeflow.flow.order_records import Command
from tradeflow.flow.price_walk import reference_ticks
from tradeflow.residents.crowd import PREFIX as CROWD
from tradeflow.residents.crowd import Crowd
from tradeflow.residents.ladder import STEPS, Ladder
from tradeflow.residents.worth import Worth

MAKER = "maker-"
_CROWD_ACCOUNTS = 4
_ACTS_PART = 0.35
"""How often somebody of the crowd does something when a symbol is looked at."""
_LOOKS_MAX = 200
_MAKER_QUOTES = 2_000
_CROWD_ORDERS = 5_000
_REST_MS = 5_000
"""For so long a symbol is left alone whose commands were refused."""
_QUIET = frozenset(
    {
        *("NONE", "UNKNOWN_ORDER", "CANCEL_REPLACE_STOPPED", "WOULD_IMMEDIATELY_MATCH"),
        *("NO_LIQUIDITY", "INSUFFICIENT_BALANCE", "DUPLICATE_CLIENT_ORDER_ID"),
    }
)
"""Refusals that are part of life; after others (a halt) the symbol is left alone for a while."""


class Resident:
    """One symbol's maker and crowd."""

    def __init__(self, rules: Instrument, seed: int, book: StartingBook) -> None:
        random = Random(f"{seed}/{rules.symbol}")
        reference = reference_ticks(rules)
        row = book.symbol_row
        last = (row["last_price_ticks"] if row is not None else 0) or reference
        self.rules = rules
        self.maker = f"{MAKER}{rules.symbol}"
        self.worth = Worth(reference, random, last)
        start = round(self.worth.ticks)
        self.ladder = Ladder(
            rules,
            random,
            self.maker,
            reference_ticks=reference,
            start_ticks=start,
            known=[order for order in book.orders if order.account_id == self.maker],
        )
        self.crowd = Crowd(
            rules,
            random,
            crowd_accounts(),
            step_ticks=self.ladder.step_ticks,
            known=[order for order in book.orders if order.account_id.startswith(CROWD)],
        )
        self._random = random
        self._is_refused = False
        self._rests_until_ms = 0

    def note(self, report: ExecutionReport) -> None:
        """Take a report on an order of this symbol in."""
        self.ladder.note(report)
        self.crowd.note(report)
        if report["reject_reason"] not in _QUIET and report["account_id"].startswith(
            (MAKER, CROWD)
        ):
            self._is_refused = True

    def look(self, names: Iterator[str], time_ms: int) -> list[Command]:
        """What is done now, perhaps nothing."""
        if self._is_refused:
            self._is_refused = False
            self._rests_until_ms = time_ms + _REST_MS
        if time_ms < self._rests_until_ms:
            return []
        worth = self.worth.move()
        commands = self.ladder.changes(names, time_ms, worth)
        # Nobody trades where there is nothing to trade with.
        if len(self.ladder) > self.ladder.steps and self._random.random() < _ACTS_PART:
            commands.append(self.crowd.act(next(names), time_ms, self.ladder.fair_ticks, worth))
        return commands


class Residents:
    """Commands, one after the other, for all symbols."""

    def __init__(
        self,
        instruments: Sequence[Instrument],
        *,
        seed: int,
        run: str,
        books: Mapping[str, StartingBook] | None = None,
    ) -> None:
        self._random = Random(seed)
        self._run = run
        self._residents = {
            rules.symbol: Resident(rules, seed, (books or {}).get(rules.symbol, StartingBook()))
            for rules in instruments
        }
        self._symbols = list(self._residents)
        self._names = self._count()
        self._coming: deque[Command] = deque()
        self._is_begun = False
        self._hasty = 0
        self.number = 0
        """Commands made so far."""
        self.lacks_money = False
        """Whether somebody could not pay since this was set to False."""

    @property
    def open_orders(self) -> int:
        """About as many orders stay open on all symbols together."""
        return 2 * STEPS * len(self._symbols)

    @property
    def is_hasty(self) -> bool:
        """Whether the next command is not to wait for its turn: a book is empty."""
        return not self._is_begun or self._hasty > 0

    def next_command(self, time_ms: int) -> Command | None:
        """The next command, stamped with this time; None: there is nothing to do just now."""
        if not self._is_begun:
            self._is_begun = True
            for resident in self._residents.values():
                self._coming += resident.ladder.all_missing(self._names, time_ms)
            self._hasty = len(self._coming)
        for _ in range(_LOOKS_MAX):
            if self._coming:
                self.number += 1
                self._hasty = max(0, self._hasty - 1)
                return _stamped(self._coming.popleft(), time_ms)
            symbol = self._random.choice(self._symbols)
            self._coming += self._residents[symbol].look(self._names, time_ms)
            if len(self._coming) > STEPS:
                # Somebody has emptied a book.
                self._hasty = len(self._coming)
        return None

    def note(self, report: ExecutionReport) -> None:
        """Learn from a report, whosever order it is about."""
        resident = self._residents.get(report["symbol"])
        if resident is not None:
            resident.note(report)
            if report["reject_reason"] == "INSUFFICIENT_BALANCE" and report[
                "account_id"
            ].startswith((MAKER, CROWD)):
                self.lacks_money = True

    def forget(self, names: Iterable[str]) -> None:
        """Wait no more for what these commands do."""
        for name in names:
            for resident in self._residents.values():
                resident.ladder.forget(name)
                resident.crowd.forget(name)

    def needs(self) -> dict[str, dict[str, int]]:
        """What each account should have: minor units by account and asset.

        A maker can sell, or buy, all that the price goes through from one end of its reach to the
        other; for each of the crowd that is far more than it ever turns over.
        """
        wanted: dict[str, dict[str, int]] = {name: {} for name in crowd_accounts()}
        for resident in self._residents.values():
            assets = resident.rules.base_asset, resident.rules.quote_asset
            quotes = resident.ladder.largest_quote()
            orders = resident.crowd.largest_order(resident.ladder.fair_ticks)
            wanted[resident.maker] = {
                asset: _MAKER_QUOTES * units for asset, units in zip(assets, quotes, strict=True)
            }
            for name in crowd_accounts():
                for asset, units in zip(assets, orders, strict=True):
                    wanted[name][asset] = wanted[name].get(asset, 0) + _CROWD_ORDERS * units
        return wanted

    def _count(self) -> Iterator[str]:
        number = 0
        while True:
            number += 1
            yield f"{self._run}-{number}"


def _stamped(command: Command, time_ms: int) -> Command:
    """It may have waited for its turn."""
    kind, record = command
    for part in (record, record.get("cancel"), record.get("place")):
        if part is not None:
            part["time_ms"] = time_ms
    return kind, record


def crowd_accounts() -> list[str]:
    """The accounts of the crowd, which trades on all symbols."""
    return [f"{CROWD}{number}" for number in range(1, _CROWD_ACCOUNTS + 1)]
