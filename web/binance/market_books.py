"""Order books: depth, and the best bid and ask."""

from collections.abc import Hashable, Mapping
from typing import Any

from web.binance.endpoint import Call, Endpoint
from web.binance.market_choice import (
    ANY_SYMBOL,
    SYMBOL,
    SYMBOL_STATUS,
    SYMBOLS,
    chosen_markets,
    is_one,
    limit,
    one_market,
)
from web.binance.shapes import AMOUNT, NUMBER, TEXT, any_of, listed, record, row
from web.state.book import Level
from web.state.markets import SymbolMarket

_DEPTH_WEIGHTS = ((100, 5), (500, 25), (1_000, 50), (5_000, 250))
_NOBODY: Level = (0, 0)


async def _depth(call: Call) -> dict[str, Any]:
    market, count = one_market(call), call.values["limit"]
    book, price, quantity = market.book, market.grid.price, market.grid.quantity
    return {
        "lastUpdateId": book.last_update_id,
        "bids": [(price(ticks), quantity(lots)) for ticks, lots in book.bids.top(count)],
        "asks": [(price(ticks), quantity(lots)) for ticks, lots in book.asks.top(count)],
    }


def _depth_state(call: Call) -> Hashable:
    market = one_market(call)
    return market.book.last_update_id


def _depth_weight(values: Mapping[str, Any]) -> int:
    return next(weight for most, weight in _DEPTH_WEIGHTS if values["limit"] <= most)


async def _book_ticker(call: Call) -> Any:
    told = [_best(market) for market in chosen_markets(call)]
    return told[0] if is_one(call.values) else told


def _book_ticker_state(call: Call) -> Hashable:
    # Which ones are chosen may depend on their status.
    return tuple((each.book.last_update_id, each.status) for each in chosen_markets(call))


def _best(market: SymbolMarket) -> dict[str, str]:
    bid, bid_lots = market.book.bids.best() or _NOBODY
    ask, ask_lots = market.book.asks.best() or _NOBODY
    price, quantity = market.grid.price, market.grid.quantity
    return {
        "symbol": market.instrument.symbol,
        "bidPrice": price(bid),
        "bidQty": quantity(bid_lots),
        "askPrice": price(ask),
        "askQty": quantity(ask_lots),
    }


_LEVELS = listed(row(AMOUNT, AMOUNT))
_BEST = record(symbol=TEXT, bidPrice=AMOUNT, bidQty=AMOUNT, askPrice=AMOUNT, askQty=AMOUNT)

ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/api/v3/depth",
        old_paths=("/api/v1/depth",),
        handle=_depth,
        state_of=_depth_state,
        summary="The best price levels of a book.",
        weight=_depth_weight,
        parameters=(SYMBOL, limit(100, 5_000), SYMBOL_STATUS),
        ws_method="depth",
        replies=record(lastUpdateId=NUMBER, bids=_LEVELS, asks=_LEVELS),
    ),
    Endpoint(
        method="GET",
        path="/api/v3/ticker/bookTicker",
        old_paths=("/api/v1/ticker/bookTicker", "/api/v1/ticker/allBookTickers"),
        handle=_book_ticker,
        state_of=_book_ticker_state,
        summary="The best bid and ask; 0 where that side is empty.",
        weight=lambda values: 2 if is_one(values) else 4,
        parameters=(ANY_SYMBOL, SYMBOLS, SYMBOL_STATUS),
        ws_method="ticker.book",
        replies=any_of(_BEST, listed(_BEST)),
    ),
)
