"""What is told on channels and kept as JSON, in Binance's words.

Written as text: an encoder takes three times as long, and there is one payload a record.  Amounts
are decimal texts and all else is numbers, so only the symbol may need escaping, once.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from connectors.redis.scales import Scale

parsed = json.loads


def trade_payload(trade: Mapping[str, Any], scale: Scale) -> str:
    """Of the stream ``trade``."""
    time_ms = trade["time_ms"]
    return (
        f'{{"e":"trade","E":{time_ms},"s":{scale.symbol_json},"t":{trade["trade_id"]}'
        f',"p":"{scale.price(trade["price_ticks"])}","q":"{scale.quantity(trade["quantity_lots"])}"'
        f',"T":{time_ms},"m":{_flag(trade["is_buyer_maker"])}}}'
    )


def depth_payload(update: Mapping[str, Any], scale: Scale) -> str:
    """Of the stream ``depth``: one command's changes."""
    return (
        f'{{"e":"depthUpdate","E":{update["time_ms"]},"s":{scale.symbol_json}'
        f',"U":{update["first_update_id"]},"u":{update["last_update_id"]}'
        f',"b":[{_levels(update["bids"], scale)}],"a":[{_levels(update["asks"], scale)}]}}'
    )


def _levels(levels: Iterable[Mapping[str, int]], scale: Scale) -> str:
    return ",".join(
        [
            f'["{scale.price(level["price_ticks"])}","{scale.quantity(level["quantity_lots"])}"]'
            for level in levels
        ]
    )


def candle_payload(candle: Mapping[str, Any], scale: Scale, told_ms: int) -> str:
    """Of the stream ``kline``."""
    price, quantity, money = scale.price, scale.quantity, scale.money
    symbol = scale.symbol_json
    return (
        f'{{"e":"kline","E":{told_ms},"s":{symbol},"k":{{"t":{candle["open_time_ms"]}'
        f',"T":{candle["close_time_ms"]},"s":{symbol},"i":"{candle["interval"]}"'
        f',"f":{candle["first_trade_id"]},"L":{candle["last_trade_id"]}'
        f',"o":"{price(candle["open_ticks"])}","c":"{price(candle["close_ticks"])}"'
        f',"h":"{price(candle["high_ticks"])}","l":"{price(candle["low_ticks"])}"'
        f',"v":"{quantity(candle["volume_lots"])}","n":{candle["trades"]}'
        f',"x":{_flag(candle["is_closed"])},"q":"{money(candle["quote_volume_units"])}"'
        f',"V":"{quantity(candle["taker_buy_lots"])}"'
        f',"Q":"{money(candle["taker_buy_quote_units"])}"}}}}'
    )


def kline_array(candle: Mapping[str, Any], scale: Scale) -> str:
    """A row of ``GET /api/v3/klines``."""
    price, quantity, money = scale.price, scale.quantity, scale.money
    return (
        f'[{candle["open_time_ms"]},"{price(candle["open_ticks"])}"'
        f',"{price(candle["high_ticks"])}","{price(candle["low_ticks"])}"'
        f',"{price(candle["close_ticks"])}","{quantity(candle["volume_lots"])}"'
        f',{candle["close_time_ms"]},"{money(candle["quote_volume_units"])}",{candle["trades"]}'
        f',"{quantity(candle["taker_buy_lots"])}","{money(candle["taker_buy_quote_units"])}","0"]'
    )


def ticker_payload(event: str, fields: Mapping[str, str | int], scale: Scale) -> str:
    """A ticker's fields, with the event that they are."""
    texts = [
        f'"{name}":{value}' if isinstance(value, int) else f'"{name}":"{value}"'
        for name, value in fields.items()
        if name != "symbol"
    ]
    return f'{{"e":"{event}","symbol":{scale.symbol_json},{",".join(texts)}}}'


def _flag(value: bool) -> str:
    return "true" if value else "false"
