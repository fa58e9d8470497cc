"""Parameters of an order, made into the PlaceOrder that the exchange takes."""

from collections.abc import Mapping
from typing import Any

from schemas.amounts import AmountError, parse_steps, parse_units
from schemas.instruments import Instrument
from web.binance.client_ids import new_client_order_id
from web.binance.errors import error
from web.binance.order_budget import stamp_budget
from web.binance.order_filters import told_failure
from web.binance.order_types import require_parameters_of_type
from web.binance.rejections import placement_error
from web.state.balances import Balance
from web.state.markets import SymbolMarket

_OFF_THE_GRID = {
    "price": "PRICE_FILTER",
    "stopPrice": "PRICE_FILTER",
    "quantity": "LOT_SIZE",
    "icebergQty": "LOT_SIZE",
    "newQty": "LOT_SIZE",
}


def place_order(
    values: Mapping[str, Any],
    identity: Mapping[str, Any],
    market: SymbolMarket,
    balances: Mapping[str, Balance],
    *,
    band_percent: int,
) -> dict[str, Any]:
    """The PlaceOrder of an order's parameters (``order_parameters.TERMS``).

    Market orders get their budget from the book; ``balances`` are the account's, by asset.

    Raises:
        BinanceError: parameters that do not go together, an amount that does not fit its grid or
            the instrument's filters, or nobody to trade with.
    """
    require_parameters_of_type(values)
    instrument = market.instrument
    command: dict[str, Any] = {
        **identity,
        "client_order_id": values["newClientOrderId"] or new_client_order_id(),
        "side": values["side"],
        "order_type": values["type"],
        "time_in_force": values["timeInForce"] or "GTC",
        "price_ticks": steps(values, "price", instrument.tick_size),
        "stop_price_ticks": steps(values, "stopPrice", instrument.tick_size),
        "quantity_lots": steps(values, "quantity", instrument.lot_size),
        "quote_quantity_units": _units(values, "quoteOrderQty"),
        "iceberg_lots": steps(values, "icebergQty", instrument.lot_size),
        "self_trade_prevention": values["selfTradePreventionMode"],
        "budget_units": 0,
        # The orders stage fills these in.
        "reserved_price_ticks": 0,
        "hold_id": "",
        "maker_rate_ppm": 0,
        "taker_rate_ppm": 0,
    }
    reason = told_failure(instrument, command)
    if reason != "NONE":
        raise placement_error(reason)
    stamp_budget(command, market, balances, band_percent=band_percent)
    return command


def steps(values: Mapping[str, Any], name: str, size: str) -> int:
    """A parameter's ticks or lots; 0 where it was not sent.

    Raises:
        BinanceError: it is too precise, off the instrument's grid, or too large.
    """
    text = values[name]
    try:
        return 0 if text is None else parse_steps(text, size)
    except AmountError as fault:
        if fault.reason == "OFF_THE_GRID":
            raise error("FILTER", name=_OFF_THE_GRID[name]) from None
        raise amount_error(name, fault) from None


def _units(values: Mapping[str, Any], name: str) -> int:
    text = values[name]
    try:
        return 0 if text is None else parse_units(text)
    except AmountError as fault:
        raise amount_error(name, fault) from None


def amount_error(name: str, fault: AmountError) -> Exception:
    """What to tell of an amount that cannot be read."""
    which = {"TOO_PRECISE": "PRECISION", "OVERFLOW": "OVERFLOW"}.get(fault.reason, "INVALID")
    return error(which, name=name)


def instrument_of(values: Mapping[str, Any]) -> Instrument:
    """The instrument of a request that has a symbol."""
    instrument: Instrument = values["symbol"]
    return instrument
