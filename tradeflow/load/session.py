"""A load run from the options to the report, against the running exchange."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from rich.console import Console

from schemas.instruments import Instrument, InstrumentError, load_instruments
from schemas.topics import ORDERS_COMMANDS, ORDERS_EXECUTIONS
from streams.settings import StreamsSettings
from tradeflow.clean_end import ended_by_signals
from tradeflow.command_feed import CommandFeed
from tradeflow.errors import TradeflowError
from tradeflow.event_reader import EventReader
from tradeflow.flow.generator import Generator
from tradeflow.flow.mix import Mix
from tradeflow.funding import Treasury
from tradeflow.load.report import LoadScreen
from tradeflow.load.run import Limits, LoadRun
from tradeflow.load.starting_books import read_starting_books
from tradeflow.present import now_ms
from tradeflow.running_exchange import running_exchange
from tradeflow.settings import load_settings

_FLUSH_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """What a load run was asked for."""

    symbols: Sequence[str]
    """None named: all that trade."""
    mix: Mix
    seed: int
    accounts: int
    open_target: int
    limits: Limits


def load_exchange(plan: LoadPlan, console: Console) -> LoadRun:
    """Give the accounts money, and run the flow until its limits or a signal end it.

    Raises:
        TradeflowError: the plan or the exchange cannot be used.
    """
    instruments = choose_instruments(plan.symbols)
    bootstrap = running_exchange()
    # Client order ids are remembered for a day: each run needs ids of its own.
    name = f"load-{now_ms():x}"
    with ExitStack() as stack:
        # Before the books are read: what becomes of their orders meanwhile is not missed.
        reader = EventReader(bootstrap, [ORDERS_EXECUTIONS.name], from_end=True)
        stack.callback(reader.close)
        generator = Generator(
            instruments,
            seed=plan.seed,
            run=name,
            mix=plan.mix,
            accounts=plan.accounts,
            open_target=plan.open_target,
            books=read_starting_books(bootstrap, {item.symbol for item in instruments}),
        )
        Treasury(bootstrap, name, stamp=now_ms).fill_up(generator.needs())
        feed = CommandFeed(bootstrap, ORDERS_COMMANDS)
        stack.callback(feed.drop)
        screen = stack.enter_context(LoadScreen(console))
        run = LoadRun(generator, feed, reader, plan.limits, look=screen.show)
        with ended_by_signals(run.stop):
            run.play()
        feed.flush(_FLUSH_SECONDS)
    return run


def choose_instruments(symbols: Sequence[str]) -> list[Instrument]:
    """The instruments of these symbols; none named: all that trade.

    Raises:
        TradeflowError: there is no such instrument.
    """
    try:
        known = load_instruments(load_settings(StreamsSettings).instruments)
    except InstrumentError as error:
        raise TradeflowError(str(error)) from error
    unknown = [symbol for symbol in symbols if symbol not in known]
    if unknown:
        raise TradeflowError(
            f"There is no instrument {unknown[0]}.", remedy=f"There are: {', '.join(known)}."
        )
    if symbols:
        return [known[symbol] for symbol in dict.fromkeys(symbols)]
    return [instrument for instrument in known.values() if instrument.status == "TRADING"]
