"""What the topics of trades and candles make of their tables."""

from typing import Any

from tradeflow.checking.stores.mysql.plain_values import NoRoomError, Scale, amount, moment

Row = dict[str, Any]


def trade_row(trade: Any, scale: Scale) -> Row:
    """A trade."""
    symbol = trade["symbol"]
    scale.require(symbol)
    copied = ("symbol", "trade_id", "buyer_order_id", "seller_order_id", "command_id")
    return {name: trade[name] for name in copied} | {
        "price": scale.price(symbol, trade["price_ticks"]),
        "quantity": scale.quantity(symbol, trade["quantity_lots"]),
        "quote_quantity": amount(trade["quote_units"]),
        "is_buyer_maker": int(trade["is_buyer_maker"]),
        "traded_at": moment(trade["time_ms"]),
    }


def candle_row(candle: Any, scale: Scale) -> Row:
    """The last word on a window."""
    symbol = candle["symbol"]
    scale.require(symbol)
    prices = {
        name: scale.price(symbol, candle[f"{name}_ticks"])
        for name in ("open", "high", "low", "close")
    }
    copied = ("symbol", "interval", "trades", "first_trade_id", "last_trade_id")
    return {name: candle[name] for name in copied} | {
        **prices,
        "open_at": moment(candle["open_time_ms"]),
        "close_at": moment(candle["close_time_ms"]),
        "volume": scale.quantity(symbol, candle["volume_lots"]),
        "quote_volume": amount(candle["quote_volume_units"]),
        "taker_buy_volume": scale.quantity(symbol, candle["taker_buy_lots"]),
        "taker_buy_quote_volume": amount(candle["taker_buy_quote_units"]),
        "is_closed": int(candle["is_closed"]),
    }


def candle_named(key: bytes) -> str:
    """The row's key that a message's key names: symbol, interval, opening in ms.

    Raises NoRoomError where it names none.
    """
    try:
        symbol, interval, opening = key.decode().split(" ")
        return f"{symbol} {interval} {moment(int(opening))}"
    except ValueError as error:
        raise NoRoomError(f"{key!r} is no candle's key") from error
