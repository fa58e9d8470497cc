"""A replay from the file to the report, on an exchange of its own or on the running one."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import cast

from rich.console import Console

from schemas.instruments import Instrument, read_instrument
from schemas.records import DepthUpdate
from schemas.topics import ORDERBOOK_UPDATES, ORDERS_COMMANDS, ORDERS_EXECUTIONS, TRADES
from streams.settings import StreamsSettings
from tradeflow.clean_end import ended_by_signals
from tradeflow.command_feed import CommandFeed
from tradeflow.errors import TradeflowError
from tradeflow.event_reader import EventReader
from tradeflow.funding import ANSWER_SECONDS, Treasury
from tradeflow.present import now_ms
from tradeflow.replay.open_rules import without_filters
from tradeflow.replay.opening import find_instrument, open_recording
from tradeflow.replay.order_flow import HOUSE, OrderFlow
from tradeflow.replay.pace import Pace
from tradeflow.replay.private_exchange import private_exchange
from tradeflow.replay.reached import Reached
from tradeflow.replay.report import ReplayReport
from tradeflow.replay.run import ReplayRun
from tradeflow.replay.screen import ReplayScreen
from tradeflow.running_exchange import running_exchange
from tradeflow.settings import load_settings
from tradeflow.views.depth_book import DepthBook

_FOLDER = Path(".tradeflow/replay")
_OPEN_ORDERS = 10_000
"""What a replay needs as the instrument's most open orders of an account."""

_FLUSH_SECONDS = 5.0
_START_SECONDS = 120.0
"""What the stages of an exchange of its own may take to start."""


def replay_file(path: Path, *, speed: float, live: bool, console: Console) -> ReplayReport:
    """Play a recording; Ctrl-C ends it early, with a report.

    Raises:
        TradeflowError: the recording or the exchange cannot be used.
    """
    symbol, events = open_recording(path)
    source = load_settings(StreamsSettings).instruments
    with ExitStack() as stack:
        look_after, answer_seconds = _nothing, ANSWER_SECONDS
        instrument = find_instrument(source, symbol)
        if live:
            _require_room(instrument)
            bootstrap = running_exchange()
        else:
            rules = without_filters(symbol, source)
            console.print("Starting an exchange for this run …", style="dim")
            exchange = stack.enter_context(private_exchange(_FOLDER, rules))
            bootstrap, look_after = exchange.bootstrap, exchange.look_after
            answer_seconds = _START_SECONDS
            instrument = read_instrument(json.loads(rules)[0])
        name = f"replay-{now_ms():x}"
        book_reader = EventReader(bootstrap, [ORDERBOOK_UPDATES.name], from_end=False)
        stack.callback(book_reader.close)
        book = _empty_book(book_reader, symbol)
        reader = EventReader(bootstrap, [ORDERS_EXECUTIONS.name, TRADES.name], from_end=True)
        stack.callback(reader.close)
        treasury = Treasury(
            bootstrap,
            name,
            stamp=now_ms,
            look=look_after,
            answer_seconds=answer_seconds,
        )
        treasury.fill_up({HOUSE: {}})
        feed = CommandFeed(bootstrap, ORDERS_COMMANDS)
        stack.callback(feed.drop)
        screen = stack.enter_context(ReplayScreen(console, instrument))
        run = ReplayRun(
            OrderFlow(instrument, name),
            Reached(book, name),
            feed,
            treasury,
            [reader, book_reader],
            pace=Pace(speed),
            # A running exchange has its own present: recorded times would be long past.
            stamp=_as_now if live else _as_recorded,
            looks=[lambda _run: look_after(), screen.show],
        )
        with ended_by_signals(run.stop):
            run.play(events)
        feed.flush(_FLUSH_SECONDS)
    return ReplayReport.of(run, instrument)


def _require_room(instrument: Instrument) -> None:
    limit = instrument.max_num_orders
    if 0 < limit < _OPEN_ORDERS:
        raise TradeflowError(
            f"{instrument.symbol} allows an account {limit} open orders; a replay needs"
            f" {_OPEN_ORDERS}.",
            remedy="Raise max_num_orders in a file of your own, name it in TRADEFLOW_INSTRUMENTS"
            " and start the exchange again; or leave --live out.",
        )


def _empty_book(reader: EventReader, symbol: str) -> DepthBook:
    """The exchange's book of the symbol, up to now; refuses one with orders in it."""
    book = DepthBook(symbol)
    while not reader.is_at_end:
        for name, record in reader.read(timeout_seconds=0.2):
            if name == "DepthUpdate":
                book.apply(cast("DepthUpdate", record))
    if not book.is_empty:
        levels = len(book.bids()) + len(book.asks())
        raise TradeflowError(
            f"The book of {symbol} has {levels} levels already; a replay needs an empty one.",
            remedy="Leave --live out to replay on an exchange of its own.",
        )
    return book


def _nothing() -> None:
    """A running exchange is not ours to look after."""


def _as_recorded(time_ms: int) -> int:
    return time_ms


def _as_now(_recorded_ms: int) -> int:
    return now_ms()
