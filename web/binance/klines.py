"""Candles, as Binance shows them: every window, also those in which nothing traded."""

from collections.abc import Hashable, Sequence
from typing import Any

from schemas.amounts import format_units
from web.binance.endpoint import Call, Endpoint
from web.binance.market_choice import SYMBOL, limit, one_market
from web.binance.parameters import Parameter
from web.binance.reply import TimeMs
from web.binance.shapes import AMOUNT, NUMBER, TIME, listed, row
from web.state.candle_range import AskedWindows, FoundWindows, find_windows
from web.state.markets import Record, SymbolMarket
from web.state.traded_sums import Sums
from web.state.windows import INTERVALS, Windows

_NOTHING = "0.00000000"


async def _klines(call: Call) -> list[list[Any]]:
    market, values = one_market(call), call.values
    windows = Windows(values["interval"], values["timeZone"])
    asked = AskedWindows(
        windows=windows,
        limit=values["limit"],
        first_ms=values["startTime"],
        last_ms=values["endTime"],
    )
    now_ms = call.gateway.markets.now_ms(market)
    found = await find_windows(market, call.gateway.history, asked, now_ms)
    return _rows(market, windows, found)


def _klines_state(call: Call) -> Hashable | None:
    market, values = one_market(call), call.values
    windows = Windows(values["interval"], values["timeZone"])
    series = market.candle_series(windows.source())
    if call.gateway.history.is_used and not series.is_whole:
        is_past = values["startTime"] is not None or values["endTime"] is not None
        if is_past or windows.shift_ms or len(series) < values["limit"]:
            # What history tells may differ from one request to the next.
            return None
    return series.version, windows.at(call.gateway.markets.now_ms(market))


def _rows(market: SymbolMarket, windows: Windows, found: FoundWindows) -> list[list[Any]]:
    """A row for each window; one in which nothing traded repeats the close before it."""
    source = windows.source()
    is_whole = source == windows.interval
    candles = found.candles if is_whole else _folded(windows, found.candles)
    by_opening = {candle["open_time_ms"]: candle for candle in candles}
    series = market.candle_series(source)
    rows: list[list[Any]] = []
    opening = windows.opening(found.first)
    close = None
    if candles and candles[0]["open_time_ms"] < opening:
        close = market.grid.price(candles[0]["close_ticks"])
    for number in range(found.first, found.last + 1):
        ending = windows.opening(number + 1)
        candle = by_opening.get(opening)
        if candle is None:
            if close is not None:
                rows.append(_still(opening, ending - 1, close))
        else:
            made = series.shown.get(opening) if is_whole else None
            if made is None:
                made = _row(market, candle, ending - 1)
                if is_whole and series.at(opening) is candle:
                    series.shown[opening] = made
            close = made[4]
            rows.append(made)
        opening = ending
    return rows


def _folded(windows: Windows, candles: Sequence[Record]) -> list[Record]:
    """The candles of windows, made of those of a shorter interval."""
    folded: dict[int, Sums] = {}
    for candle in candles:
        opening = windows.opening(windows.at(candle["open_time_ms"]))
        sums = folded.get(opening)
        if sums is None:
            sums = folded[opening] = Sums()
        sums.add_candle(candle)
    return [
        {
            "open_time_ms": opening,
            "open_ticks": sums.open_ticks,
            "high_ticks": sums.high_ticks,
            "low_ticks": sums.low_ticks,
            "close_ticks": sums.close_ticks,
            "volume_lots": sums.lots,
            "quote_volume_units": sums.quote_units,
            "trades": sums.trades,
            "taker_buy_lots": sums.taker_buy_lots,
            "taker_buy_quote_units": sums.taker_buy_quote_units,
        }
        for opening, sums in folded.items()
    ]


def _row(market: SymbolMarket, candle: Record, closing_ms: int) -> list[Any]:
    price, quantity = market.grid.price, market.grid.quantity
    return [
        TimeMs(candle["open_time_ms"]),
        price(candle["open_ticks"]),
        price(candle["high_ticks"]),
        price(candle["low_ticks"]),
        price(candle["close_ticks"]),
        quantity(candle["volume_lots"]),
        TimeMs(closing_ms),
        format_units(candle["quote_volume_units"]),
        candle["trades"],
        quantity(candle["taker_buy_lots"]),
        format_units(candle["taker_buy_quote_units"]),
        "0",
    ]


def _still(opening_ms: int, closing_ms: int, close: str) -> list[Any]:
    price = close
    return [
        *(TimeMs(opening_ms), price, price, price, price, _NOTHING),
        *(TimeMs(closing_ms), _NOTHING, 0, _NOTHING, _NOTHING, "0"),
    ]


_PARAMETERS = (
    SYMBOL,
    Parameter(name="interval", kind="choice", values=INTERVALS, wrong="INTERVAL", is_required=True),
    Parameter(name="startTime", kind="time", description="The first opening; the oldest come."),
    Parameter(name="endTime", kind="time", description="The last opening."),
    Parameter(name="timeZone", kind="zone", default=0, description="Such as -1:00, 05:45 or 8."),
    limit(500, 1_000),
)
_KLINES = listed(
    row(
        *(TIME, AMOUNT, AMOUNT, AMOUNT, AMOUNT, AMOUNT),
        *(TIME, AMOUNT, NUMBER, AMOUNT, AMOUNT, AMOUNT),
    )
)

ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/api/v3/klines",
        old_paths=("/api/v1/klines",),
        handle=_klines,
        state_of=_klines_state,
        summary="Candles: open, high, low, close and volumes of each window.",
        weight=2,
        parameters=_PARAMETERS,
        ws_method="klines",
        replies=_KLINES,
    ),
    Endpoint(
        method="GET",
        path="/api/v3/uiKlines",
        handle=_klines,
        state_of=_klines_state,
        summary="Candles for charts: the same as klines.",
        weight=2,
        parameters=_PARAMETERS,
        ws_method="uiKlines",
        replies=_KLINES,
    ),
)
