"""LOBSTER's message files, read line by line: every event of a share's visible order book.

A line is «time, type, order id, size, price, direction»: seconds after midnight with decimals, a
number from 1 to 7, the order's id, shares, dollars times 10 000, and 1 for a buy or -1 for a sell:
the side of the resting order, for executions too.  The file may be gzipped.
"""

import gzip
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import IntEnum
from pathlib import Path

from tradeflow.errors import TradeflowError
from tradeflow.replay.recording import lines_of

PRICE_SCALE = 10_000
_FIELDS = 6
_TELL_EVERY = 500
# LOBSTER's own names: AAPL_2012-06-21_34200000_57600000_message_5.csv
_NAME = re.compile(r"(?P<ticker>[A-Za-z.]+)_(?P<day>\d{4}-\d\d-\d\d)_")
_TICKER = re.compile(r"[A-Za-z.]+")


class MessageType(IntEnum):
    """What a message tells."""

    SUBMISSION = 1
    PARTIAL_CANCEL = 2
    CANCEL = 3
    EXECUTION = 4
    HIDDEN_EXECUTION = 5
    CROSS = 6
    HALT = 7


@dataclass(frozen=True, slots=True)
class Message:
    """One line; ``price`` is dollars times 10 000, for a halt -1, 0 or 1."""

    time_ms: int
    type: MessageType
    order_id: int
    size: int
    price: int
    is_buy: bool


class LobsterError(TradeflowError):
    """A message file that cannot be used; the message names the file and the line."""


def ticker_of(path: Path) -> str:
    """The share's name as the file's name begins with it; «SHARE» where it does not."""
    found = _TICKER.match(path.name)
    return found[0].upper()[:12] if found and "_" in path.name else "SHARE"


def midnight_ms_of(path: Path) -> int:
    """The midnight that times count from: that of the day in the name, taken as UTC; else 0."""
    found = _NAME.match(path.name)
    if found is None:
        return 0
    try:
        day = datetime.strptime(found["day"], "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise LobsterError(f"{path.name} has {found['day']}, which is no day.") from error
    return int(day.timestamp()) * 1_000


def read_messages(path: Path, *, at: Callable[[int], None]) -> Iterator[Message]:
    """The messages in their order; ``at`` is told how many bytes were read.

    Raises:
        LobsterError: the file, or a line of it, cannot be read.
    """
    midnight_ms = midnight_ms_of(path)
    number, last_ms = 0, 0
    try:
        with path.open("rb") as file, lines_of(file) as lines:
            for line in lines:
                number += 1
                if number % _TELL_EVERY == 0:
                    at(file.tell())
                if not line.strip():
                    continue
                message = _parse(line, midnight_ms)
                if message.time_ms < last_ms:
                    raise ValueError("its time is before that of the line before")
                last_ms = message.time_ms
                yield message
    except gzip.BadGzipFile as error:
        raise LobsterError(f"{path} is damaged after line {number}: {error}.") from error
    except (ValueError, InvalidOperation) as error:
        raise LobsterError(f"{path}, line {number}: {error}.") from error
    except EOFError as error:
        raise LobsterError(f"{path} ends in the middle, after line {number}.") from error
    except OSError as error:
        raise LobsterError(f"{path} cannot be read: {error.strerror or error}.") from error


def _parse(line: bytes, midnight_ms: int) -> Message:
    fields = line.decode("ascii", "replace").strip().split(",")
    if len(fields) < _FIELDS:
        raise ValueError(f"{len(fields)} fields, a message has {_FIELDS}")
    time, kind, order_id, size, price, direction = (text.strip() for text in fields[:_FIELDS])
    try:
        seconds = Decimal(time)
    except InvalidOperation:
        raise ValueError(f"{time!r} is no time in seconds") from None
    if not seconds.is_finite() or seconds < 0:
        raise ValueError(f"{time!r} is no time in seconds")
    number = _whole("type", kind)
    if number not in MessageType.__members__.values():
        raise ValueError(f"type {number} is none of 1 to 7")
    if direction not in ("1", "-1"):
        raise ValueError(f"direction {direction!r} is neither 1 nor -1")
    message = Message(
        midnight_ms + int(seconds * 1_000),
        MessageType(number),
        _whole("order id", order_id),
        _whole("size", size),
        _whole("price", price),
        direction == "1",
    )
    if message.type < MessageType.HIDDEN_EXECUTION and (message.size <= 0 or message.price <= 0):
        raise ValueError("size and price must be more than 0")
    return message


def _whole(what: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{what} {text!r} is no whole number") from None
