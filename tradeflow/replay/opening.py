"""A recording with its symbol, and the rules of that symbol."""

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from schemas.instruments import Instrument, InstrumentError, load_instruments
from tradeflow.errors import TradeflowError
from tradeflow.replay.recording import (
    FlowEvent,
    RecordingError,
    in_exchange_order,
    read_recording,
)


def open_recording(
    path: Path, *, at: Callable[[int], None] = lambda _bytes: None
) -> tuple[str, Iterator[FlowEvent]]:
    """The recording's symbol and its events; ``at`` is as ``read_recording``'s.

    Raises:
        RecordingError: it cannot be read, or has no symbol or several.
    """
    events = in_exchange_order(read_recording(path, at=at))
    seen = []
    for event in events:
        seen.append(event)
        symbol = getattr(event, "symbol", None)
        if symbol is not None:
            return symbol, _of_one_symbol(symbol, chain(seen, events))
    raise RecordingError(f"{path} has no depth diff and no trade.")


def find_instrument(path: Path | None, symbol: str) -> Instrument:
    """The rules of a symbol in a file of instruments; None: the default set.

    Raises:
        TradeflowError: the file is not in order, or has no such symbol.
    """
    instruments = all_instruments(path)
    if symbol not in instruments:
        raise TradeflowError(
            f"There is no instrument {symbol}.",
            remedy="Name a file that has it in TRADEFLOW_INSTRUMENTS.",
        )
    return instruments[symbol]


def all_instruments(path: Path | None) -> dict[str, Instrument]:
    """The instruments of a file; None: the default set.

    Raises:
        TradeflowError: the file is not in order.
    """
    try:
        return load_instruments(path)
    except InstrumentError as error:
        raise TradeflowError(str(error)) from error


def _of_one_symbol(symbol: str, events: Iterator[FlowEvent]) -> Iterator[FlowEvent]:
    for event in events:
        other = getattr(event, "symbol", symbol)
        if other != symbol:
            raise RecordingError(f"The recording has {other} beside {symbol}: one is played only.")
        yield event
