"""The book as the terminal shows it."""

from rich.console import Console, RenderableType

from schemas.records import Trade
from tests.simulation.instruments import an_instrument
from tradeflow.views.book_view import price_text, quantity_text, render_book

_BTCUSDT = an_instrument("BTCUSDT", tick_size="0.01", lot_size="0.00001")


def _trade(trade_id: int) -> Trade:
    return {
        "trade_id": trade_id,
        "symbol": "BTCUSDT",
        "price_ticks": 6_000_000 + trade_id,
        "quantity_lots": 1_000,
        "quote_units": 0,
        "buyer_order_id": 1,
        "seller_order_id": 2,
        "is_buyer_maker": False,
        "command_id": "c",
        "time_ms": 0,
    }


def _lines(renderable: RenderableType) -> list[str]:
    console = Console(width=120, color_system=None)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get().splitlines()


def _line_with(lines: list[str], text: str) -> int:
    [number] = [number for number, line in enumerate(lines) if text in line]
    return number


def test_asks_stand_above_the_spread_and_bids_below_best_in_the_middle() -> None:
    lines = _lines(
        render_book(
            "BTCUSDT",
            [(6_000_000, 150_000), (5_999_900, 1)],
            [(6_000_250, 200_000), (6_000_300, 2)],
            [],
            _BTCUSDT,
        )
    )
    order = [
        _line_with(lines, text)
        for text in ("60003.00", "60002.50", "spread", "60000.00", "59999.00")
    ]

    assert order == sorted(order)
    assert "2.50" in lines[order[2]]
    assert "2.00002" in lines[order[0]], "the running total of the side"
    assert "none yet" in "".join(lines)


def test_the_largest_level_has_the_longest_bar() -> None:
    lines = _lines(render_book("X", [(100, 400), (99, 100)], [(101, 200)], [], _BTCUSDT))
    bars = [line.count("█") for line in lines]

    assert sorted(filter(None, bars)) == [6, 12, 24]


def test_the_newest_trade_is_on_top_and_only_some_are_shown() -> None:
    trades = [_trade(number) for number in range(1, 31)]

    text = "\n".join(_lines(render_book("BTCUSDT", [], [], trades, _BTCUSDT, levels=3)))

    assert text.index("60000.30") < text.index("60000.29")
    assert "60000.25" in text
    assert "60000.24" not in text


def test_the_height_does_not_depend_on_what_is_in_the_book() -> None:
    full = [(price, 1) for price in range(1, 40)]
    heights = {
        len(_lines(render_book("X", bids, asks, [_trade(1)] * 40, _BTCUSDT, levels=5)))
        for bids, asks in ([[], []], [full, []], [[], full], [full, full])
    }

    assert len(heights) == 1


def test_amounts_have_the_decimals_of_their_grid() -> None:
    assert price_text(_BTCUSDT, 6_183_763) == "61837.63"
    assert price_text(_BTCUSDT, 100) == "1.00"
    assert quantity_text(_BTCUSDT, 1) == "0.00001"
    assert quantity_text(an_instrument("X", lot_size="1"), 12) == "12"
