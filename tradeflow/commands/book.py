"""`tradeflow book`: the order book of a symbol, live in the terminal."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tradeflow.views.live_book import LiveBook

_FRAMES_PER_SECOND = 20


def book(
    symbol: Annotated[str, typer.Argument(help="For example BTCUSDT.")],
    levels: Annotated[int, typer.Option(min=1, help="Price levels of each side.")] = 10,
    once: Annotated[bool, typer.Option("--once", help="Print the present book and end.")] = False,
) -> None:
    """Show the order book of a symbol: levels, spread and last trades, rebuilt from the log."""
    from rich.console import Console

    from schemas.instruments import load_instruments
    from tradeflow.commands.worker import streams_settings
    from tradeflow.errors import TradeflowError
    from tradeflow.running_broker import running_broker
    from tradeflow.views.live_book import LiveBook

    instruments = load_instruments(streams_settings().instruments)
    instrument = instruments.get(symbol.upper())
    if instrument is None:
        raise TradeflowError(
            f"There is no symbol {symbol!r}.", remedy=f"There are: {', '.join(instruments)}."
        )
    live = LiveBook(running_broker(), instrument, levels=levels)
    try:
        live.catch_up()
        if once:
            Console().print(live.picture())
        else:
            _follow(live)
    except KeyboardInterrupt:
        pass
    finally:
        live.close()


def _follow(live: "LiveBook") -> None:
    from rich.live import Live

    with Live(live.picture(), auto_refresh=False, screen=False) as screen:
        drawn = time.monotonic()
        is_stale = False
        while True:
            is_stale |= live.read(1 / _FRAMES_PER_SECOND)
            now = time.monotonic()
            if is_stale and now - drawn >= 1 / _FRAMES_PER_SECOND:
                screen.update(live.picture(), refresh=True)
                drawn, is_stale = now, False
