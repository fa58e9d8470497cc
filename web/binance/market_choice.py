"""Which symbols a request for market data asks for; the parameters by which it says so."""

from collections.abc import Mapping
from typing import Any

from web.binance.endpoint import Call
from web.binance.errors import error
from web.binance.parameters import Parameter
from web.state.markets import SymbolMarket

STATUSES = ("TRADING", "HALT", "BREAK", "CANCEL_ONLY")
"""What symbols may be asked for by; no symbol here is ever in a BREAK."""

SYMBOL = Parameter(name="symbol", kind="symbol", is_required=True)
ANY_SYMBOL = Parameter(name="symbol", kind="symbol", description="One symbol.")
SYMBOLS = Parameter(name="symbols", kind="symbols", description='A list: ["BTCUSDT","BNBBTC"].')
SYMBOL_STATUS = Parameter(
    name="symbolStatus",
    kind="choice",
    values=STATUSES,
    wrong="SYMBOL_STATUS",
    description="Only symbols that have this status.",
)

_LISTED_MAX = 100


def limit(default: int, most: int) -> Parameter:
    """How many are asked for; more than ``most`` are taken as so many."""
    return Parameter(name="limit", kind="integer", default=default, most=most, least=1)


def one_market(call: Call) -> SymbolMarket:
    """The market of ``symbol``.

    Raises:
        BinanceError: it has another status than is asked for.
    """
    market = call.gateway.markets.by_symbol[call.values["symbol"].symbol]
    status = call.values.get("symbolStatus")
    if status is not None and market.status != status:
        raise error("STATUS_MISMATCH")
    return market


def is_one(values: Mapping[str, Any]) -> bool:
    """Whether one symbol is asked for, so that the answer is no list."""
    return values["symbol"] is not None


def chosen_markets(call: Call, *, must_name: bool = False) -> list[SymbolMarket]:
    """The markets of ``symbol``, of ``symbols`` or all of them, in the order of their listing.

    Raises:
        BinanceError: both are given, or none where one must be; too many; another status.
    """
    symbol, symbols = call.values["symbol"], call.values["symbols"]
    by_symbol = call.gateway.markets.by_symbol
    if symbol is not None and symbols is not None:
        raise error("PARAMETERS")
    if symbol is not None:
        return [one_market(call)]
    if symbols is None:
        if must_name:
            raise error("ONE_OF", first="symbol", second="symbols")
        markets = list(by_symbol.values())
    elif must_name and len(symbols) > _LISTED_MAX:
        raise error("TOO_LARGE", name="symbols", most=_LISTED_MAX)
    else:
        markets = [by_symbol[each.symbol] for each in symbols]
    status = call.values.get("symbolStatus")
    return [market for market in markets if status is None or market.status == status]


def symbols_asked(values: Mapping[str, Any], *, if_all: int) -> int:
    """How many symbols a request names; ``if_all`` where it names none."""
    if values["symbol"] is not None:
        return 1
    return if_all if values["symbols"] is None else len(values["symbols"])
