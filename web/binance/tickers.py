"""Tickers: the last price, its average, and how it changed in a day or another time."""

from collections.abc import Hashable, Mapping
from typing import Any

from schemas.amounts import format_units
from web.binance.endpoint import Call, Endpoint
from web.binance.market_choice import (
    ANY_SYMBOL,
    SYMBOL,
    SYMBOL_STATUS,
    SYMBOLS,
    chosen_markets,
    is_one,
    one_market,
    symbols_asked,
)
from web.binance.parameters import Parameter
from web.binance.price_change import FULL, MINI, change, mini
from web.binance.reply import TimeMs
from web.binance.shapes import AMOUNT, NUMBER, TEXT, TIME, Shape, any_of, listed, record
from web.state.book import Level
from web.state.day_ticker import day_opening
from web.state.markets import SymbolMarket
from web.state.stretch import stretch_since
from web.state.windows import DAY_MS, HOUR_MS, MINUTE_MS, Windows

_NOBODY: Level = (0, 0)
_WINDOWS_MS: Mapping[str, int] = {
    f"{count}{unit}": count * length_ms
    for unit, most, length_ms in (("m", 59, MINUTE_MS), ("h", 23, HOUR_MS), ("d", 7, DAY_MS))
    for count in range(1, most + 1)
}
_WEIGHT_MAX = 200


async def _price(call: Call) -> Any:
    told = [
        {"symbol": each.instrument.symbol, "price": each.grid.price(each.last_ticks)}
        for each in chosen_markets(call)
    ]
    return told[0] if is_one(call.values) else told


async def _average_price(call: Call) -> dict[str, Any]:
    market = one_market(call)
    minutes = market.instrument.average_price_minutes
    now_ms = call.gateway.markets.now_ms(market)
    # The present minute and those before it, as the filters reckon.
    open_ms = now_ms - now_ms % MINUTE_MS - (minutes - 1) * MINUTE_MS
    average = 0
    if minutes:
        stretch = await stretch_since(market, call.gateway.history, open_ms, now_ms)
        average = stretch.sums.average_units(market.instrument)
    return {
        "mins": minutes,
        "price": format_units(average or market.last_ticks * market.grid.tick_units),
        "closeTime": TimeMs(market.day.last_time_ms),
    }


async def _day(call: Call) -> Any:
    told = [_day_of(call, market) for market in chosen_markets(call)]
    return told[0] if is_one(call.values) else told


def _day_of(call: Call, market: SymbolMarket) -> dict[str, Any]:
    day, now_ms = market.day, call.gateway.markets.now_ms(market)
    told = mini(market, day.sums, open_ms=day_opening(now_ms), close_ms=now_ms)
    if call.values["type"] == "MINI":
        return told
    bid, bid_lots = market.book.bids.best() or _NOBODY
    ask, ask_lots = market.book.asks.best() or _NOBODY
    price, quantity = market.grid.price, market.grid.quantity
    return {
        **told,
        **change(market, day.sums),
        "prevClosePrice": price(day.previous_close_ticks),
        "lastQty": quantity(day.last_lots),
        "bidPrice": price(bid),
        "bidQty": quantity(bid_lots),
        "askPrice": price(ask),
        "askQty": quantity(ask_lots),
    }


def _day_state(call: Call) -> Hashable:
    markets = call.gateway.markets
    return tuple(
        (each.version, each.book.last_update_id, markets.now_ms(each))
        for each in chosen_markets(call)
    )


async def _trading_day(call: Call) -> Any:
    windows = Windows("1d", call.values["timeZone"])
    told = []
    for market in chosen_markets(call, must_name=True):
        number = windows.at(call.gateway.markets.now_ms(market))
        opening, closing = windows.opening(number), windows.closing(number)
        told.append(await _stretch(call, market, opening, close_ms=closing))
    return told[0] if is_one(call.values) else told


async def _rolling(call: Call) -> Any:
    length_ms = _WINDOWS_MS[call.values["windowSize"]]
    told = []
    for market in chosen_markets(call, must_name=True):
        now_ms = call.gateway.markets.now_ms(market)
        open_ms = now_ms - now_ms % MINUTE_MS - length_ms
        told.append(await _stretch(call, market, open_ms, close_ms=now_ms))
    return told[0] if is_one(call.values) else told


async def _stretch(
    call: Call, market: SymbolMarket, open_ms: int, *, close_ms: int
) -> dict[str, Any]:
    now_ms = call.gateway.markets.now_ms(market)
    stretch = await stretch_since(market, call.gateway.history, open_ms, now_ms)
    told = mini(market, stretch.sums, open_ms=stretch.open_ms, close_ms=close_ms)
    if call.values["type"] == "FULL":
        told |= change(market, stretch.sums)
    return told


def _day_weight(values: Mapping[str, Any]) -> int:
    count = symbols_asked(values, if_all=101)
    return 2 if count <= 20 else 40 if count <= 100 else 80


def _weight_by_symbol(values: Mapping[str, Any]) -> int:
    return min(4 * symbols_asked(values, if_all=1), _WEIGHT_MAX)


def _either(full: Mapping[str, Shape]) -> Shape:
    shapes = record(**full), record(**MINI)
    return any_of(*shapes, listed(shapes[0]), listed(shapes[1]))


_TYPE = Parameter(
    name="type", kind="choice", values=("FULL", "MINI"), wrong="TICKER_TYPE", default="FULL"
)
_BOOK: Mapping[str, Shape] = {
    **dict.fromkeys(("bidPrice", "bidQty", "askPrice", "askQty"), AMOUNT),
    **dict.fromkeys(("prevClosePrice", "lastQty"), AMOUNT),
}
_PRICE = record(symbol=TEXT, price=AMOUNT)
_NAMED = (ANY_SYMBOL, SYMBOLS)

ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/api/v3/ticker/price",
        old_paths=("/api/v1/ticker/price", "/api/v1/ticker/allPrices"),
        handle=_price,
        state_of=lambda call: tuple(each.version for each in chosen_markets(call)),
        summary="The price of the last trade; 0 where there was none.",
        weight=lambda values: 2 if is_one(values) else 4,
        parameters=(*_NAMED, SYMBOL_STATUS),
        ws_method="ticker.price",
        replies=any_of(_PRICE, listed(_PRICE)),
    ),
    Endpoint(
        method="GET",
        path="/api/v3/avgPrice",
        handle=_average_price,
        summary="The average price of the last minutes, as the filters take it.",
        weight=2,
        parameters=(SYMBOL,),
        ws_method="avgPrice",
        replies=record(mins=NUMBER, price=AMOUNT, closeTime=TIME),
    ),
    Endpoint(
        method="GET",
        path="/api/v3/ticker/24hr",
        old_paths=("/api/v1/ticker/24hr",),
        handle=_day,
        state_of=_day_state,
        summary="The last 24 hours, from a whole minute on.",
        weight=_day_weight,
        parameters=(*_NAMED, _TYPE, SYMBOL_STATUS),
        ws_method="ticker.24hr",
        replies=_either({**FULL, **_BOOK}),
    ),
    Endpoint(
        method="GET",
        path="/api/v3/ticker/tradingDay",
        handle=_trading_day,
        summary="The present day, by the clock of a time zone.",
        weight=_weight_by_symbol,
        parameters=(
            *_NAMED,
            Parameter(name="timeZone", kind="zone", default=0),
            _TYPE,
            SYMBOL_STATUS,
        ),
        ws_method="ticker.tradingDay",
        replies=_either(FULL),
    ),
    Endpoint(
        method="GET",
        path="/api/v3/ticker",
        handle=_rolling,
        summary="The last minutes, hours or days, from a whole minute on.",
        weight=_weight_by_symbol,
        parameters=(
            *_NAMED,
            Parameter(
                name="windowSize",
                kind="choice",
                values=tuple(_WINDOWS_MS),
                default="1d",
                description="1m to 59m, 1h to 23h, 1d to 7d.",
            ),
            _TYPE,
            SYMBOL_STATUS,
        ),
        ws_method="ticker",
        replies=_either(FULL),
    ),
)
