"""What a market order may cost: stamped here, for nobody behind the gateway asks the book first."""

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.amounts import INTEGER_MAX
from schemas.budget import market_budget
from schemas.instruments import Instrument
from web.binance.order_types import MARKET_KINDS
from web.binance.rejections import placement_error
from web.state.balances import Balance
from web.state.book import Level
from web.state.markets import SymbolMarket

_LEVELS = 1_000


def stamp_budget(
    command: dict[str, Any],
    market: SymbolMarket,
    balances: Mapping[str, Balance],
    *,
    band_percent: int,
) -> None:
    """Give a PlaceOrder of a market kind its budget: its worth at the best price, and a band.

    Who cannot pay for the band, but for what the book asks now, pays with what there is.

    Raises:
        BinanceError: nobody is there, and nobody ever was: there is no price.
    """
    is_by_quote = command["quote_quantity_units"] != 0
    if command["order_type"] not in MARKET_KINDS or is_by_quote == (command["side"] == "BUY"):
        return  # it says itself what it may cost
    price = command["stop_price_ticks"] or present_price(command["side"], market)
    if not price:
        raise placement_error("MISSING_BUDGET")
    instrument = market.instrument
    budget = market_budget(command, instrument, price, band_percent)
    available = _available(command["side"], instrument, balances)
    if available < budget and _likely_cost(command, market, price) <= available:
        budget = available
    command["budget_units"] = min(budget, INTEGER_MAX)


def present_price(side: str, market: SymbolMarket) -> int:
    """What a market order is judged by, in ticks: the best price of the other side, else the last
    trade's, else 0.
    """
    best = (market.book.asks if side == "BUY" else market.book.bids).best()
    return market.last_ticks if best is None else best[0]


def _available(side: str, instrument: Instrument, balances: Mapping[str, Balance]) -> int:
    balance = balances.get(instrument.quote_asset if side == "BUY" else instrument.base_asset)
    return 0 if balance is None else balance.available_units


def _likely_cost(command: Mapping[str, Any], market: SymbolMarket, price_ticks: int) -> int:
    """What the order would take as the book stands, in minor units of what its budget is of."""
    instrument = market.instrument
    units, lots = instrument.quote_units_per_tick_lot, command["quantity_lots"]
    if command["side"] == "SELL":
        return market_budget(command, instrument, price_ticks, 0)
    if command["stop_price_ticks"]:
        return int(price_ticks * lots * units)
    return _cost(market.book.asks.top(_LEVELS), lots, price_ticks) * units


def _cost(levels: Iterable[Level], lots: int, price_ticks: int) -> int:
    """Ticks times lots of so many lots; what the book does not have, at the last price seen."""
    cost = 0
    for price_ticks, there in levels:
        taken = min(there, lots)
        cost += price_ticks * taken
        lots -= taken
        if not lots:
            break
    return cost + price_ticks * lots
