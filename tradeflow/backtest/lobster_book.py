"""The order book file that LOBSTER gives beside a message file: where the book began.

Its first line is the book after the first message: «ask price, ask size, bid price, bid size» for
each level, prices in dollars times 10 000; where there is no level the price is ±9 999 999 999.
"""

from pathlib import Path

from tradeflow.backtest.lobster import LobsterError
from tradeflow.replay.recording import lines_of

BookLevel = tuple[bool, int, int]
"""Is it a bid, its price in dollars times 10 000, shares."""

_NOTHING = 9_999_999_999


def book_file_of(path: Path) -> Path | None:
    """The order book file of a message file, by LOBSTER's names; None: there is none."""
    beside = path.with_name(path.name.replace("_message_", "_orderbook_"))
    return beside if beside != path and beside.is_file() else None


def read_first_book(path: Path) -> list[BookLevel]:
    """The levels after the first message, the best first on each side.

    Raises:
        LobsterError: the file, or its first line, cannot be read.
    """
    try:
        with path.open("rb") as file, lines_of(file) as lines:
            numbers = [int(text) for text in lines.readline().split(b",") if text.strip()]
    except ValueError as error:
        raise LobsterError(f"{path}, line 1: {error}.") from error
    except (OSError, EOFError) as error:
        raise LobsterError(f"{path} cannot be read: {error}.") from error
    if not numbers or len(numbers) % 4:
        raise LobsterError(f"{path}, line 1: {len(numbers)} numbers, a level has 4.")
    levels = []
    for at in range(0, len(numbers), 4):
        ask, ask_size, bid, bid_size = numbers[at : at + 4]
        levels += [(False, ask, ask_size), (True, bid, bid_size)]
    return [level for level in levels if abs(level[1]) != _NOTHING and level[2] > 0]
