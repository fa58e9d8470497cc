"""Trades: the newest, older ones, and those of one taker order at one price as one."""

from collections.abc import Hashable
from typing import Any

from schemas.amounts import format_units
from web.binance.endpoint import Call, Endpoint
from web.binance.errors import error
from web.binance.market_choice import SYMBOL, limit, one_market
from web.binance.parameters import Parameter
from web.binance.reply import TimeMs
from web.binance.shapes import AMOUNT, FLAG, NUMBER, TIME, listed, record
from web.state.aggregate_trades import Aggregate
from web.state.history import LARGEST
from web.state.markets import Record, SymbolMarket
from web.state.past_aggregates import AskedAggregates, find_aggregates
from web.state.past_trades import newest_trades, trades_from


async def _trades(call: Call) -> list[dict[str, Any]]:
    market = one_market(call)
    found = await newest_trades(market, call.gateway.history, call.values["limit"])
    return _shown(market, found)


async def _historical_trades(call: Call) -> list[dict[str, Any]]:
    first_id = call.values["fromId"]
    if first_id is None:
        return await _trades(call)
    market = one_market(call)
    found = await trades_from(market, call.gateway.history, first_id, call.values["limit"])
    return _shown(market, found)


async def _block_trades(_call: Call) -> list[dict[str, Any]]:
    return []


async def _aggregate_trades(call: Call) -> list[dict[str, Any]]:
    market, values = one_market(call), call.values
    first_id, start_ms, end_ms = (values[name] for name in ("fromId", "startTime", "endTime"))
    if first_id is not None and (start_ms is not None or end_ms is not None):
        raise error("PARAMETERS")
    asked = AskedAggregates(
        limit=values["limit"],
        is_newest=first_id is None and start_ms is None,
        first_id=first_id or 0,
        first_ms=start_ms or 0,
        last_ms=LARGEST if end_ms is None else end_ms,
    )
    found = await find_aggregates(market, call.gateway.history, asked)
    return [_shown_aggregate(market, each) for each in found]


def _memory_state(call: Call) -> Hashable | None:
    # What history tells may differ from one request to the next.
    return None if call.gateway.history.is_used else one_market(call).version


def _shown(market: SymbolMarket, trades: list[Record]) -> list[dict[str, Any]]:
    price, quantity = market.grid.price, market.grid.quantity
    return [
        {
            "id": trade["trade_id"],
            "price": price(trade["price_ticks"]),
            "qty": quantity(trade["quantity_lots"]),
            "quoteQty": format_units(trade["quote_units"]),
            "time": TimeMs(trade["time_ms"]),
            "isBuyerMaker": trade["is_buyer_maker"],
            "isBestMatch": True,
        }
        for trade in trades
    ]


def _shown_aggregate(market: SymbolMarket, aggregate: Aggregate) -> dict[str, Any]:
    return {
        "a": aggregate.aggregate_id,
        "p": market.grid.price(aggregate.price_ticks),
        "q": market.grid.quantity(aggregate.quantity_lots),
        "f": aggregate.first_trade_id,
        "l": aggregate.last_trade_id,
        "T": TimeMs(aggregate.time_ms),
        "m": aggregate.is_buyer_maker,
        "M": True,
    }


_FROM_ID = Parameter(
    name="fromId", kind="integer", description="The first id; without it the newest are given."
)
_LIMIT = limit(500, 1_000)
_TRADE_FIELDS = {
    "id": NUMBER,
    "price": AMOUNT,
    "qty": AMOUNT,
    "quoteQty": AMOUNT,
    "time": TIME,
    "isBuyerMaker": FLAG,
}
_TRADES = listed(record(**_TRADE_FIELDS, isBestMatch=FLAG))

ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/api/v3/trades",
        old_paths=("/api/v1/trades",),
        handle=_trades,
        state_of=_memory_state,
        summary="The newest trades, the oldest of them first.",
        weight=25,
        parameters=(SYMBOL, _LIMIT),
        ws_method="trades.recent",
        replies=_TRADES,
    ),
    Endpoint(
        method="GET",
        path="/api/v3/historicalTrades",
        old_paths=("/api/v1/historicalTrades",),
        handle=_historical_trades,
        state_of=_memory_state,
        summary="Trades from an id on.",
        weight=25,
        parameters=(SYMBOL, _LIMIT, _FROM_ID),
        ws_method="trades.historical",
        replies=_TRADES,
    ),
    Endpoint(
        method="GET",
        path="/api/v3/historicalBlockTrades",
        handle=_block_trades,
        summary="Block trades: nobody trades blocks here, so there are none.",
        weight=25,
        parameters=(
            SYMBOL,
            Parameter(name="fromId", kind="integer", is_required=True),
            _LIMIT,
        ),
        ws_method="blockTrades.historical",
        replies=listed(record(**_TRADE_FIELDS)),
    ),
    Endpoint(
        method="GET",
        path="/api/v3/aggTrades",
        old_paths=("/api/v1/aggTrades",),
        handle=_aggregate_trades,
        state_of=_memory_state,
        summary="Trades of one taker order at one price and time, as one; its id is its first "
        "trade's, so ids rise, but not by one.",
        weight=4,
        parameters=(
            SYMBOL,
            _FROM_ID,
            Parameter(name="startTime", kind="time"),
            Parameter(name="endTime", kind="time"),
            _LIMIT,
        ),
        ws_method="trades.aggregate",
        replies=listed(
            record(a=NUMBER, p=AMOUNT, q=AMOUNT, f=NUMBER, l=NUMBER, T=TIME, m=FLAG, M=FLAG)
        ),
    ),
)
