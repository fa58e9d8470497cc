"""Makers and crowd against the running exchange, until somebody ends them."""

import logging
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from math import inf

from rich.console import Console

from schemas.topics import ORDERS_COMMANDS, ORDERS_EXECUTIONS
from tradeflow.clean_end import ended_by_signals
from tradeflow.command_feed import CommandFeed
from tradeflow.event_reader import EventReader
from tradeflow.funding import Treasury
from tradeflow.load.report import LoadScreen
from tradeflow.load.run import Limits, LoadRun
from tradeflow.load.session import choose_instruments
from tradeflow.load.starting_books import read_starting_books
from tradeflow.present import now_ms
from tradeflow.residents.residents import Residents
from tradeflow.running_exchange import running_exchange

log = logging.getLogger(__name__)

_FLUSH_SECONDS = 2.0
_PAY_AGAIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentsPlan:
    """What the residents were asked for."""

    symbols: Sequence[str]
    """None named: all that trade."""
    rate: float
    """Commands a second, of all together."""
    seed: int
    seconds: float = inf


class _House:
    """Pays for the residents: at the start, and when one of them cannot pay any more."""

    def __init__(self, bootstrap: str, run: str, residents: Residents) -> None:
        self._residents = residents
        self._treasury = Treasury(bootstrap, run, stamp=now_ms)
        self._paid = 0.0

    def pay(self) -> None:
        """Deposit what they lack; each deposit is in the ledger."""
        self._treasury.fill_up(self._residents.needs())
        self._residents.lacks_money = False
        self._paid = time.monotonic()

    def look(self) -> None:
        """Pay again where that is due, not all the time."""
        is_due = time.monotonic() - self._paid > _PAY_AGAIN_SECONDS
        if self._residents.lacks_money and is_due:
            log.info("a resident cannot pay: the house deposits what is missing")
            self.pay()


def live(plan: ResidentsPlan, console: Console) -> LoadRun:
    """Give the residents money, and let them live until a signal ends them.

    Raises:
        TradeflowError: the plan or the exchange cannot be used.
    """
    instruments = choose_instruments(plan.symbols)
    bootstrap = running_exchange()
    # Client order ids are remembered for a day: each run needs ids of its own.
    name = f"live-{now_ms():x}"
    with ExitStack() as stack:
        # Before the books are read: what becomes of their orders meanwhile is not missed.
        reader = EventReader(bootstrap, [ORDERS_EXECUTIONS.name], from_end=True)
        stack.callback(reader.close)
        residents = Residents(
            instruments,
            seed=plan.seed,
            run=name,
            books=read_starting_books(bootstrap, {item.symbol for item in instruments}),
        )
        house = _House(bootstrap, name, residents)
        house.pay()
        feed = CommandFeed(bootstrap, ORDERS_COMMANDS)
        stack.callback(feed.drop)
        screen = stack.enter_context(LoadScreen(console))

        def look(run: LoadRun) -> None:
            screen.show(run)
            house.look()

        limits = Limits(rate=plan.rate, seconds=plan.seconds)
        run = LoadRun(residents, feed, reader, limits, look=look)
        log.info("%d symbols have makers and a crowd", len(instruments))
        with ended_by_signals(run.stop):
            run.play()
        feed.flush(_FLUSH_SECONDS)
    return run
