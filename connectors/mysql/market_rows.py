"""Rows of trades and of candles."""

from typing import Any

from connectors.mysql.values import Grid, UnstorableError, amount, moment

Row = tuple[Any, ...]
CandleKey = tuple[str, str, str | None]


def trade_row(trade: Any, grid: Grid) -> Row:
    """A trade."""
    return (
        trade["symbol"],
        trade["trade_id"],
        grid.price(trade["price_ticks"]),
        grid.quantity(trade["quantity_lots"]),
        amount(trade["quote_units"]),
        trade["buyer_order_id"],
        trade["seller_order_id"],
        trade["is_buyer_maker"],
        trade["command_id"],
        moment(trade["time_ms"]),
    )


def candle_row(candle: Any, grid: Grid) -> Row:
    """A window as it stands."""
    price, quantity = grid.price, grid.quantity
    return (
        candle["symbol"],
        candle["interval"],
        moment(candle["open_time_ms"]),
        moment(candle["close_time_ms"]),
        price(candle["open_ticks"]),
        price(candle["high_ticks"]),
        price(candle["low_ticks"]),
        price(candle["close_ticks"]),
        quantity(candle["volume_lots"]),
        amount(candle["quote_volume_units"]),
        candle["trades"],
        quantity(candle["taker_buy_lots"]),
        amount(candle["taker_buy_quote_units"]),
        candle["first_trade_id"],
        candle["last_trade_id"],
        candle["is_closed"],
    )


def candle_key(key: bytes | None) -> CandleKey:
    """The window that a message's key names: symbol, interval and opening (ms), spaces between.

    Raises:
        UnstorableError: it names none.
    """
    try:
        symbol, interval, opening = (key or b"").decode().split(" ")
        return symbol, interval, moment(int(opening))
    except ValueError:
        raise UnstorableError(f"{key!r} is no candle's key") from None
