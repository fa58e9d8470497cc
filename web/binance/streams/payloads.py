"""What streams say, in Binance's fields."""

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.amounts import format_steps, format_units
from schemas.instruments import Instrument
from web.binance.reply import EndMs, TimeMs
from web.binance.streams.depth_window import DepthDiff, Level
from web.state.aggregate_trades import Aggregate
from web.state.rolling_window import RollingWindow

Payload = dict[str, Any]
Record = Mapping[str, Any]
_PERCENT_DECIMALS = 1_000


def trade(rules: Instrument, record: Record) -> Payload:
    """``<symbol>@trade``, of a Trade."""
    time_ms = TimeMs(record["time_ms"])
    return {
        "e": "trade",
        "E": time_ms,
        "s": rules.symbol,
        "t": record["trade_id"],
        "p": format_steps(record["price_ticks"], rules.tick_size),
        "q": format_steps(record["quantity_lots"], rules.lot_size),
        "T": time_ms,
        "m": record["is_buyer_maker"],
        "M": True,
    }


def aggregate_trade(rules: Instrument, aggregate: Aggregate) -> Payload:
    """``<symbol>@aggTrade``."""
    time_ms = TimeMs(aggregate.time_ms)
    return {
        "e": "aggTrade",
        "E": time_ms,
        "s": rules.symbol,
        "a": aggregate.aggregate_id,
        "p": format_steps(aggregate.price_ticks, rules.tick_size),
        "q": format_steps(aggregate.quantity_lots, rules.lot_size),
        "f": aggregate.first_trade_id,
        "l": aggregate.last_trade_id,
        "T": time_ms,
        "m": aggregate.is_buyer_maker,
        "M": True,
    }


def kline(rules: Instrument, candle: Record, event_ms: int) -> Payload:
    """``<symbol>@kline_<interval>``, of a Candle."""
    tick, lot = rules.tick_size, rules.lot_size
    return {
        "e": "kline",
        "E": TimeMs(event_ms),
        "s": rules.symbol,
        "k": {
            "t": TimeMs(candle["open_time_ms"]),
            "T": EndMs(candle["close_time_ms"]),
            "s": rules.symbol,
            "i": candle["interval"],
            "f": candle["first_trade_id"],
            "L": candle["last_trade_id"],
            "o": format_steps(candle["open_ticks"], tick),
            "c": format_steps(candle["close_ticks"], tick),
            "h": format_steps(candle["high_ticks"], tick),
            "l": format_steps(candle["low_ticks"], tick),
            "v": format_steps(candle["volume_lots"], lot),
            "n": candle["trades"],
            "x": candle["is_closed"],
            "q": format_units(candle["quote_volume_units"]),
            "V": format_steps(candle["taker_buy_lots"], lot),
            "Q": format_units(candle["taker_buy_quote_units"]),
            "B": "0",
        },
    }


def mini_ticker(rules: Instrument, ticker: Record) -> Payload:
    """``<symbol>@miniTicker``, of a Ticker."""
    tick = rules.tick_size
    return {
        "e": "24hrMiniTicker",
        "E": TimeMs(ticker["close_time_ms"]),
        "s": rules.symbol,
        "c": format_steps(ticker["last_ticks"], tick),
        "o": format_steps(ticker["open_ticks"], tick),
        "h": format_steps(ticker["high_ticks"], tick),
        "l": format_steps(ticker["low_ticks"], tick),
        "v": format_steps(ticker["volume_lots"], rules.lot_size),
        "q": format_units(ticker["quote_volume_units"]),
    }


def full_ticker(rules: Instrument, ticker: Record, bid: Level | None, ask: Level | None) -> Payload:
    """``<symbol>@ticker``, of a Ticker and the best prices."""
    tick, lot = rules.tick_size, rules.lot_size
    change = _change(rules, ticker["open_ticks"], ticker["last_ticks"])
    return {
        "e": "24hrTicker",
        "E": TimeMs(ticker["close_time_ms"]),
        "s": rules.symbol,
        **change,
        "w": format_units(ticker["weighted_average_units"]),
        "x": format_steps(ticker["previous_close_ticks"], tick),
        "c": format_steps(ticker["last_ticks"], tick),
        "Q": format_steps(ticker["last_lots"], lot),
        **_best(rules, bid, ask),
        "o": format_steps(ticker["open_ticks"], tick),
        "h": format_steps(ticker["high_ticks"], tick),
        "l": format_steps(ticker["low_ticks"], tick),
        "v": format_steps(ticker["volume_lots"], lot),
        "q": format_units(ticker["quote_volume_units"]),
        "O": TimeMs(ticker["open_time_ms"]),
        "C": TimeMs(ticker["close_time_ms"]),
        "F": ticker["first_trade_id"] if ticker["trades"] else -1,
        "L": ticker["last_trade_id"] if ticker["trades"] else -1,
        "n": ticker["trades"],
    }


def rolling_ticker(rules: Instrument, size: str, window: RollingWindow) -> Payload:
    """``<symbol>@ticker_<window>``."""
    tick = rules.tick_size
    return {
        "e": f"{size}Ticker",
        "E": TimeMs(window.close_time_ms),
        "s": rules.symbol,
        **_change(rules, window.open_ticks, window.last_ticks),
        "o": format_steps(window.open_ticks, tick),
        "h": format_steps(window.high_ticks, tick),
        "l": format_steps(window.low_ticks, tick),
        "c": format_steps(window.last_ticks, tick),
        "w": format_units(window.weighted_average_units),
        "v": format_steps(window.volume_lots, rules.lot_size),
        "q": format_units(window.quote_volume_units),
        "O": TimeMs(window.open_time_ms),
        "C": TimeMs(window.close_time_ms),
        "F": window.first_trade_id,
        "L": window.last_trade_id,
        "n": window.trades,
    }


def average_price(rules: Instrument, ticker: Record) -> Payload:
    """``<symbol>@avgPrice``, of a Ticker."""
    return {
        "e": "avgPrice",
        "E": TimeMs(ticker["close_time_ms"]),
        "s": rules.symbol,
        "i": "5m",
        "w": format_units(ticker["average_price_units"]),
        "T": TimeMs(ticker["last_time_ms"]),
    }


def book_ticker(rules: Instrument, update_id: int, bid: Level | None, ask: Level | None) -> Payload:
    """``<symbol>@bookTicker``; where nobody is, zeros."""
    return {"u": update_id, "s": rules.symbol, **_best(rules, bid, ask)}


def depth_update(rules: Instrument, diff: DepthDiff) -> Payload:
    """``<symbol>@depth``."""
    return {
        "e": "depthUpdate",
        "E": TimeMs(diff.time_ms),
        "s": rules.symbol,
        "U": diff.first_update_id,
        "u": diff.last_update_id,
        "b": _levels(rules, diff.bids),
        "a": _levels(rules, diff.asks),
    }


def partial_depth(
    rules: Instrument, last_update_id: int, bids: Iterable[Level], asks: Iterable[Level]
) -> Payload:
    """``<symbol>@depth<levels>``."""
    return {
        "lastUpdateId": last_update_id,
        "bids": _levels(rules, bids),
        "asks": _levels(rules, asks),
    }


def _levels(rules: Instrument, levels: Iterable[Level]) -> list[tuple[str, str]]:
    tick, lot = rules.tick_size, rules.lot_size
    return [(format_steps(price, tick), format_steps(lots, lot)) for price, lots in levels]


def _best(rules: Instrument, bid: Level | None, ask: Level | None) -> Payload:
    ((bid_price, bid_lots), (ask_price, ask_lots)) = _levels(rules, (bid or (0, 0), ask or (0, 0)))
    return {"b": bid_price, "B": bid_lots, "a": ask_price, "A": ask_lots}


def _change(rules: Instrument, open_ticks: int, last_ticks: int) -> Payload:
    change = last_ticks - open_ticks
    return {"p": format_steps(change, rules.tick_size), "P": percent(change, open_ticks)}


def percent(part: int, whole: int) -> str:
    """So many percent of the whole, with three decimals, halves away from zero."""
    if not whole:
        return "0.000"
    thousandths = (2 * abs(part) * 100 * _PERCENT_DECIMALS + whole) // (2 * whole)
    sign = "-" if part < 0 and thousandths else ""
    return f"{sign}{thousandths // _PERCENT_DECIMALS}.{thousandths % _PERCENT_DECIMALS:03d}"
