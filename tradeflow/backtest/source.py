"""What a backtest is told to play: a recording, a message file or a topic, found out by looking."""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from schemas.instruments import Instrument, read_instrument
from schemas.topics import ORDERS_COMMANDS, ORDERS_INCOMING, WALLET_COMMANDS
from streams.settings import StreamsSettings
from tradeflow.backtest.flow import Flow
from tradeflow.backtest.lobster import read_messages, ticker_of
from tradeflow.backtest.lobster_book import book_file_of, read_first_book
from tradeflow.backtest.lobster_flow import LobsterFlow, share
from tradeflow.backtest.recorded_flow import RecordedFlow
from tradeflow.errors import TradeflowError
from tradeflow.replay.open_rules import without_filters
from tradeflow.replay.opening import all_instruments, find_instrument, open_recording
from tradeflow.replay.recording import lines_of
from tradeflow.settings import load_settings

TOPICS = (ORDERS_COMMANDS.name, ORDERS_INCOMING.name)

At = Callable[[int], None]
"""Is told how far a source was read, in the unit of its ``size``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """Rates in parts per million; None: the instrument's."""

    maker_ppm: int | None = None
    taker_ppm: int | None = None

    def of(self, rules: Instrument) -> Instrument:
        """The instrument with these rates."""
        maker = rules.maker_rate_ppm if self.maker_ppm is None else self.maker_ppm
        taker = rules.taker_rate_ppm if self.taker_ppm is None else self.taker_ppm
        return replace(rules, maker_rate_ppm=maker, taker_rate_ppm=taker)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A flow and the exchange that it needs."""

    name: str
    flow: Flow
    size: int
    instruments: dict[str, Instrument]
    """The exchange's; of a recording without their filters."""
    rules: Instrument
    """The strategy's instrument with its own filters."""
    paying: frozenset[str] | None
    """Whose orders the wallet pays for; None: everybody's."""


def open_source(
    name: str,
    *,
    symbol: str | None,
    fees: Fees,
    strategy_account: str | None,
    at: At,
) -> Source:
    """Find out what ``name`` is; ``strategy_account`` is None where no strategy trades.

    Raises:
        TradeflowError: it is nothing that can be played.
    """
    path = Path(name)
    if path.is_file():
        if _is_lobster(path):
            return _message_file(path, symbol, fees, at)
        return _recording(path, symbol, fees, at)
    if name in TOPICS:
        return _topic(name, symbol, fees, strategy_account, at)
    raise TradeflowError(
        f"There is no file {name}, and no topic of commands is called so.",
        remedy=f"Name a recording, a LOBSTER message file, or {' or '.join(TOPICS)}.",
    )


def _is_lobster(path: Path) -> bool:
    """A line of a message file has commas and no JSON."""
    try:
        with path.open("rb") as file, lines_of(file) as lines:
            first = lines.readline()
    except (OSError, EOFError, gzip.BadGzipFile):
        return False  # its reader says what is wrong
    return b"," in first and b"{" not in first


def _recording(path: Path, symbol: str | None, fees: Fees, at: At) -> Source:
    found, events = open_recording(path, at=at)
    _require_same(symbol, found, path)
    source = load_settings(StreamsSettings).instruments
    rules = fees.of(find_instrument(source, found))
    open_rules = fees.of(read_instrument(json.loads(without_filters(found, source))[0]))
    return Source(
        name=str(path),
        flow=RecordedFlow(open_rules, events),
        size=path.stat().st_size,
        instruments={found: open_rules},
        rules=rules,
        paying=None,
    )


def _message_file(path: Path, symbol: str | None, fees: Fees, at: At) -> Source:
    rules = fees.of(share(ticker_of(path)))
    if symbol is not None and symbol != rules.symbol:
        source = load_settings(StreamsSettings).instruments
        rules = fees.of(find_instrument(source, symbol))
        open_rules = read_instrument(json.loads(without_filters(symbol, source))[0])
    else:
        open_rules = rules
    open_rules = fees.of(open_rules)
    book = book_file_of(path)
    levels = [] if book is None else read_first_book(book)
    return Source(
        name=str(path),
        flow=LobsterFlow(open_rules, read_messages(path, at=at), levels),
        size=path.stat().st_size,
        instruments={rules.symbol: open_rules},
        rules=rules,
        paying=None,
    )


def _topic(name: str, symbol: str | None, fees: Fees, account: str | None, at: At) -> Source:
    # Only here: nobody who plays a file needs Kafka.
    from tradeflow.backtest.log_flow import LogFlow
    from tradeflow.backtest.topic_log import TopicLog, live_order_ids
    from tradeflow.running_exchange import running_exchange

    instruments = {
        each.symbol: fees.of(each)
        for each in all_instruments(load_settings(StreamsSettings).instruments).values()
    }
    if symbol is None:
        if account is not None and len(instruments) > 1:
            raise TradeflowError(
                "The exchange has several symbols: which one does the strategy trade?",
                remedy=f"Give --symbol, one of {', '.join(instruments)}.",
            )
        symbol = next(iter(instruments))
    if symbol not in instruments:
        raise TradeflowError(
            f"There is no instrument {symbol}.", remedy=f"There are {', '.join(instruments)}."
        )
    bootstrap = running_exchange()
    is_paid = name == ORDERS_COMMANDS.name
    log = TopicLog(bootstrap, *((WALLET_COMMANDS.name, name) if is_paid else (name,)))
    live_ids = None if account is None else live_order_ids(bootstrap)
    return Source(
        name=f"{name} of {bootstrap}",
        flow=LogFlow(log.records(at=at), live_ids),
        size=log.size,
        instruments=instruments,
        rules=instruments[symbol],
        # What is in orders.incoming was paid for when it came there.
        paying=None if is_paid else frozenset({account or ""}),
    )


def _require_same(wanted: str | None, found: str, path: Path) -> None:
    if wanted is not None and wanted != found:
        raise TradeflowError(f"{path} has {found}, not {wanted}.", remedy="Leave --symbol out.")
