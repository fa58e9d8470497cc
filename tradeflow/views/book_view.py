"""A book and its last trades as the terminal shows them."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate

from rich import box
from rich.bar import Bar
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from schemas.instruments import Instrument
from schemas.records import Trade
from tradeflow.views.depth_book import Level

_BAR_WIDTH = 24
_BID = "green"
_ASK = "red"


def price_text(instrument: Instrument, price_ticks: int) -> str:
    """The price as people write it, with the tick's decimals."""
    return f"{price_ticks * Decimal(instrument.tick_size):f}"


def quantity_text(instrument: Instrument, quantity_lots: int) -> str:
    """The quantity as people write it, with the lot's decimals."""
    return f"{quantity_lots * Decimal(instrument.lot_size):f}"


def render_book(
    symbol: str,
    bids: Sequence[Level],
    asks: Sequence[Level],
    trades: Sequence[Trade],
    instrument: Instrument,
    *,
    levels: int = 10,
    title: str | None = None,
) -> RenderableType:
    """The best ``levels`` of each side, asks above bids, with size bars, beside the last trades.

    Levels come best first, trades oldest first; the newest trade is shown on top.  The height
    stays the same whatever the book holds, so that a live view does not jump.
    """
    columns = Table.grid(padding=(0, 2))
    columns.add_row(
        _ladder(bids[:levels], asks[:levels], instrument, levels),
        _trade_list(trades, instrument, rows=2 * levels),
    )
    return Panel(columns, title=title or symbol, box=box.ROUNDED, expand=False)


def _ladder(
    bids: Sequence[Level], asks: Sequence[Level], instrument: Instrument, levels: int
) -> RenderableType:
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    table.add_column("Price", justify="right", min_width=12)
    table.add_column("Quantity", justify="right", min_width=12)
    table.add_column("Total", justify="right", min_width=12, style="dim")
    table.add_column("", width=_BAR_WIDTH)
    largest = max((quantity for _, quantity in (*bids, *asks)), default=0)
    for _ in range(levels - len(asks)):
        table.add_row()
    for row in reversed(_rows(asks, instrument, largest, _ASK)):
        table.add_row(*row)
    table.add_row(*_spread_row(bids, asks, instrument))
    for row in _rows(bids, instrument, largest, _BID):
        table.add_row(*row)
    for _ in range(levels - len(bids)):
        table.add_row()
    return table


def _rows(
    side: Sequence[Level], instrument: Instrument, largest: int, color: str
) -> list[tuple[RenderableType, ...]]:
    totals = accumulate(quantity for _, quantity in side)
    return [
        (
            Text(price_text(instrument, price), style=color),
            quantity_text(instrument, quantity),
            quantity_text(instrument, total),
            Bar(size=largest, begin=0, end=quantity, width=_BAR_WIDTH, color=color),
        )
        for (price, quantity), total in zip(side, totals, strict=True)
    ]


def _spread_row(
    bids: Sequence[Level], asks: Sequence[Level], instrument: Instrument
) -> tuple[RenderableType, ...]:
    if not bids or not asks:
        return (Text("one side is empty" if bids or asks else "empty", style="dim"),)
    spread = price_text(instrument, asks[0][0] - bids[0][0])
    return (Text(spread, style="bold"), Text("spread", style="dim"))


def _trade_list(trades: Sequence[Trade], instrument: Instrument, *, rows: int) -> RenderableType:
    if not trades:
        return Group(Text("Trades", style="bold"), Text("none yet", style="dim"))
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    table.add_column("Trade", justify="right", style="dim")
    table.add_column("Price", justify="right")
    table.add_column("Quantity", justify="right")
    for trade in list(reversed(trades[-rows:])):
        # The taker's side gives the colour: a buyer that was the maker was sold to.
        table.add_row(
            str(trade["trade_id"]),
            Text(
                price_text(instrument, trade["price_ticks"]),
                style=_ASK if trade["is_buyer_maker"] else _BID,
            ),
            quantity_text(instrument, trade["quantity_lots"]),
        )
    return table
