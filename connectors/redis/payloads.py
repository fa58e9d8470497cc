"""What is told on channels and kept as JSON, in Binance's words."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from connectors.redis.scales import Scale

_to_json = json.JSONEncoder(separators=(",", ":")).encode
parsed = json.loads


def trade_payload(trade: Mapping[str, Any], scale: Scale) -> str:
    """Of the stream ``trade``."""
    return _to_json(
        {
            "e": "trade",
            "E": trade["time_ms"],
            "s": trade["symbol"],
            "t": trade["trade_id"],
            "p": scale.price(trade["price_ticks"]),
            "q": scale.quantity(trade["quantity_lots"]),
            "T": trade["time_ms"],
            "m": trade["is_buyer_maker"],
        }
    )


def depth_payload(update: Mapping[str, Any], scale: Scale) -> str:
    """Of the stream ``depth``: one command's changes."""
    return _to_json(
        {
            "e": "depthUpdate",
            "E": update["time_ms"],
            "s": update["symbol"],
            "U": update["first_update_id"],
            "u": update["last_update_id"],
            "b": _levels(update["bids"], scale),
            "a": _levels(update["asks"], scale),
        }
    )


def _levels(levels: Iterable[Mapping[str, int]], scale: Scale) -> list[tuple[str, str]]:
    return [
        (scale.price(level["price_ticks"]), scale.quantity(level["quantity_lots"]))
        for level in levels
    ]


def candle_payload(candle: Mapping[str, Any], scale: Scale, told_ms: int) -> str:
    """Of the stream ``kline``."""
    return _to_json(
        {
            "e": "kline",
            "E": told_ms,
            "s": candle["symbol"],
            "k": {
                "t": candle["open_time_ms"],
                "T": candle["close_time_ms"],
                "s": candle["symbol"],
                "i": candle["interval"],
                "f": candle["first_trade_id"],
                "L": candle["last_trade_id"],
                "o": scale.price(candle["open_ticks"]),
                "c": scale.price(candle["close_ticks"]),
                "h": scale.price(candle["high_ticks"]),
                "l": scale.price(candle["low_ticks"]),
                "v": scale.quantity(candle["volume_lots"]),
                "n": candle["trades"],
                "x": candle["is_closed"],
                "q": scale.money(candle["quote_volume_units"]),
                "V": scale.quantity(candle["taker_buy_lots"]),
                "Q": scale.money(candle["taker_buy_quote_units"]),
            },
        }
    )


def kline_array(candle: Mapping[str, Any], scale: Scale) -> str:
    """A row of ``GET /api/v3/klines``."""
    return _to_json(
        [
            candle["open_time_ms"],
            scale.price(candle["open_ticks"]),
            scale.price(candle["high_ticks"]),
            scale.price(candle["low_ticks"]),
            scale.price(candle["close_ticks"]),
            scale.quantity(candle["volume_lots"]),
            candle["close_time_ms"],
            scale.money(candle["quote_volume_units"]),
            candle["trades"],
            scale.quantity(candle["taker_buy_lots"]),
            scale.money(candle["taker_buy_quote_units"]),
            "0",
        ]
    )


def fields_payload(event: str, fields: Mapping[str, str | int]) -> str:
    """A ticker's fields, with the event that they are."""
    return _to_json({"e": event, **fields})
