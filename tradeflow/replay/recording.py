"""Recordings of Binance's market streams, read line by line.

A line is the time of receipt in nanoseconds, a space and the JSON as it came: stream messages as
``{"stream": …, "data": …}``, a REST depth snapshot bare.  The file may be gzipped.
"""

import gzip
import heapq
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BufferedIOBase, BufferedReader
from pathlib import Path
from typing import Any, cast

from tradeflow.errors import TradeflowError

Levels = list[tuple[str, str]]
"""(price, quantity) as decimal strings; quantity 0: the level is gone."""

_GZIP_MAGIC = b"\x1f\x8b"
_TELL_EVERY = 500


class RecordingError(TradeflowError):
    """A recording that cannot be used; the message names the file and the line."""


@dataclass(frozen=True, slots=True)
class DepthSnapshot:
    """The book at one update id; it carries no symbol and no time of its own."""

    received_ns: int
    last_update_id: int
    bids: Levels
    asks: Levels


@dataclass(frozen=True, slots=True)
class DepthDiff:
    """What changed on the book in 100 ms; ``time_ms`` is the exchange's."""

    received_ns: int
    time_ms: int
    symbol: str
    first_update_id: int
    last_update_id: int
    bids: Levels
    asks: Levels


@dataclass(frozen=True, slots=True)
class RecordedTrade:
    """One trade; the taker sold where the buyer was the maker."""

    received_ns: int
    time_ms: int
    symbol: str
    trade_id: int
    price: str
    quantity: str
    is_buyer_maker: bool


@dataclass(frozen=True, slots=True)
class BestPrices:
    """Best bid and ask with quantities (``bookTicker``); it has no time of the exchange."""

    received_ns: int
    symbol: str
    update_id: int
    bid: tuple[str, str]
    ask: tuple[str, str]


RecordedEvent = DepthSnapshot | DepthDiff | RecordedTrade | BestPrices
FlowEvent = DepthSnapshot | DepthDiff | RecordedTrade

_RANKS: dict[type, int] = {DepthSnapshot: 0, RecordedTrade: 1, DepthDiff: 2}


def read_recording(
    path: Path, *, at: Callable[[int], None] = lambda _bytes: None
) -> Iterator[RecordedEvent]:
    """The events of a recording in the order of receipt; raises RecordingError.

    ``at`` is told now and then how many bytes of the file were read.
    """
    number = 0
    try:
        with path.open("rb") as file, lines_of(file) as lines:
            for line in lines:
                number += 1
                if number % _TELL_EVERY == 0:
                    at(file.tell())
                yield _parse(line)
    except _LineError as error:
        raise RecordingError(f"{path}, line {number}: {error}.") from error
    except EOFError as error:
        raise RecordingError(f"{path} ends in the middle, after line {number}.") from error
    except gzip.BadGzipFile as error:
        raise RecordingError(f"{path} is damaged after line {number}: {error}.") from error
    except OSError as error:
        raise RecordingError(f"{path} cannot be read: {error.strerror or error}.") from error


def in_exchange_order(
    events: Iterable[RecordedEvent], *, window_ms: int = 1_000
) -> Iterator[FlowEvent]:
    """Trades and book changes in the order of the exchange's clock; best prices are left out.

    A trade is often received after the diff that contains it already.  Within one millisecond the
    snapshot comes first, then trades, then diffs: whether a snapshot contains a trade of its
    millisecond nobody can say, and no trade is lost this way.  Beyond ``window_ms`` nothing is put
    right.
    """
    waiting: list[tuple[int, int, int, FlowEvent]] = []
    newest_ms = 0
    for number, event in enumerate(events):
        if isinstance(event, BestPrices):
            continue
        # A snapshot stays where it is among its neighbours; its update id says what it covers.
        time_ms = newest_ms if isinstance(event, DepthSnapshot) else event.time_ms
        newest_ms = max(newest_ms, time_ms)
        heapq.heappush(waiting, (time_ms, _RANKS[type(event)], number, event))
        while waiting[0][0] < newest_ms - window_ms:
            yield heapq.heappop(waiting)[-1]
    while waiting:
        yield heapq.heappop(waiting)[-1]


class _LineError(ValueError):
    """Why a line is no line of a recording."""


def lines_of(file: BufferedReader) -> BufferedIOBase:
    """The lines of a file that may be gzipped."""
    is_gzip = file.peek(len(_GZIP_MAGIC)).startswith(_GZIP_MAGIC)
    return cast("BufferedIOBase", gzip.open(file)) if is_gzip else file


def _parse(line: bytes) -> RecordedEvent:
    received, _, text = line.partition(b" ")
    if not received.isdigit():
        raise _LineError("it does not begin with the time of receipt in nanoseconds")
    try:
        message = json.loads(text)
    except ValueError as error:
        raise _LineError(f"not JSON ({error})") from error
    try:
        return _event(int(received), message)
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, _LineError):
            raise
        missing = f"field {error} is missing" if isinstance(error, KeyError) else str(error)
        raise _LineError(f"not a message of Binance's streams ({missing})") from error


def _event(received_ns: int, message: dict[str, Any]) -> RecordedEvent:
    if "stream" not in message:
        return DepthSnapshot(
            received_ns,
            _whole(message["lastUpdateId"]),
            _levels(message["bids"]),
            _levels(message["asks"]),
        )
    stream = str(message["stream"]).partition("@")[2]
    data = message["data"]
    if stream.startswith("depth"):
        return DepthDiff(
            received_ns,
            _whole(data["E"]),
            str(data["s"]),
            _whole(data["U"]),
            _whole(data["u"]),
            _levels(data["b"]),
            _levels(data["a"]),
        )
    if stream == "trade":
        return RecordedTrade(
            received_ns,
            _whole(data["T"]),
            str(data["s"]),
            _whole(data["t"]),
            str(data["p"]),
            str(data["q"]),
            bool(data["m"]),
        )
    if stream == "bookTicker":
        return BestPrices(
            received_ns,
            str(data["s"]),
            _whole(data["u"]),
            (str(data["b"]), str(data["B"])),
            (str(data["a"]), str(data["A"])),
        )
    raise _LineError(f"stream {message['stream']} is none of depth, trade, bookTicker")


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is no whole number")
    return value


def _levels(pairs: list[list[str]]) -> Levels:
    return [(price, quantity) for price, quantity in pairs]
