"""The filters of an instrument that can be looked at before an order is sent.

The pipeline stays the judge: it looks at them again.  These are here for order tests, which send
nothing, and so that what would surely be refused costs nothing but the answer.
"""

from collections.abc import Callable, Mapping
from typing import Any

from schemas.amounts import INTEGER_MAX
from schemas.enums import RejectReason
from schemas.instruments import Instrument
from web.binance.order_types import MARKET_KINDS, STOPS

Order = Mapping[str, Any]
"""A PlaceOrder; its budget is not looked at."""


def filter_failure(instrument: Instrument, order: Order) -> RejectReason:
    """Why the instrument's own rules refuse an order, in the pipeline's order; else NONE."""
    for reason, is_refused in _CHECKS:
        if is_refused(instrument, order):
            return reason
    return "NONE"


def _has_odd_terms(_: Instrument, order: Order) -> bool:
    return bool(order["iceberg_lots"]) and order["time_in_force"] != "GTC"


def _is_quantity_zero(_: Instrument, order: Order) -> bool:
    return not (order["quote_quantity_units"] or order["quantity_lots"])


def _is_price_zero(_: Instrument, order: Order) -> bool:
    order_type = order["order_type"]
    has_price = order_type not in MARKET_KINDS
    return (has_price and not order["price_ticks"]) or (
        order_type in STOPS and not order["stop_price_ticks"]
    )


def _overflows(instrument: Instrument, order: Order) -> bool:
    quantity = order["quantity_lots"]
    price = max(order["price_ticks"], order["stop_price_ticks"], instrument.max_price_ticks)
    worth = price * quantity * instrument.quote_units_per_tick_lot
    base: int = quantity * instrument.base_units_per_lot
    return base > INTEGER_MAX or bool(worth > INTEGER_MAX)


def _is_off_price_filter(instrument: Instrument, order: Order) -> bool:
    def is_off(price: int) -> bool:
        bounds = instrument.min_price_ticks, instrument.max_price_ticks
        return _is_outside(price, *bounds, instrument.price_step_ticks)

    order_type = order["order_type"]
    return (order_type not in MARKET_KINDS and is_off(order["price_ticks"])) or (
        order_type in STOPS and is_off(order["stop_price_ticks"])
    )


def _is_off_lot_size(instrument: Instrument, order: Order) -> bool:
    def is_off(quantity: int) -> bool:
        bounds = instrument.min_quantity_lots, instrument.max_quantity_lots
        return _is_outside(quantity, *bounds, instrument.quantity_step_lots)

    if order["quote_quantity_units"]:
        return False
    iceberg = order["iceberg_lots"]
    return is_off(order["quantity_lots"]) or (iceberg != 0 and is_off(iceberg))


def _is_off_market_lot_size(instrument: Instrument, order: Order) -> bool:
    if order["order_type"] not in MARKET_KINDS or order["quote_quantity_units"]:
        return False
    bounds = instrument.market_min_quantity_lots, instrument.market_max_quantity_lots
    return _is_outside(order["quantity_lots"], *bounds, instrument.market_quantity_step_lots)


def _does_iceberg_exceed(_: Instrument, order: Order) -> bool:
    return int(order["iceberg_lots"]) > int(order["quantity_lots"])


def _has_too_many_parts(instrument: Instrument, order: Order) -> bool:
    iceberg, most = order["iceberg_lots"], instrument.max_iceberg_parts
    return iceberg != 0 and most != 0 and -(-order["quantity_lots"] // iceberg) > most


def _is_outside(value: int, low: int, high: int, step: int) -> bool:
    """Whether a filter refuses a value; 0 turns a bound or a step off."""
    return value < low or (high != 0 and value > high) or (step != 0 and value % step != 0)


_CHECKS: tuple[tuple[RejectReason, Callable[[Instrument, Order], bool]], ...] = (
    ("UNSUPPORTED_ORDER_COMBINATION", _has_odd_terms),
    ("QUANTITY_NOT_POSITIVE", _is_quantity_zero),
    ("PRICE_NOT_POSITIVE", _is_price_zero),
    ("AMOUNT_OVERFLOW", _overflows),
    ("PRICE_FILTER", _is_off_price_filter),
    ("LOT_SIZE", _is_off_lot_size),
    ("MARKET_LOT_SIZE", _is_off_market_lot_size),
    ("ICEBERG_EXCEEDS_QUANTITY", _does_iceberg_exceed),
    ("ICEBERG_PARTS", _has_too_many_parts),
)
_FILTERS = frozenset({"PRICE_FILTER", "LOT_SIZE", "MARKET_LOT_SIZE"})


def told_failure(instrument: Instrument, order: Order) -> RejectReason:
    """Why an order is refused, as clients are told: of an amount that is beyond a filter, and so
    large that it cannot be paid for, that it is beyond the filter; else NONE.
    """
    reason = filter_failure(instrument, order)
    if reason != "AMOUNT_OVERFLOW":
        return reason
    beyond = (
        name for name, is_refused in _CHECKS if name in _FILTERS and is_refused(instrument, order)
    )
    return next(beyond, reason)


def notional_failure(instrument: Instrument, order: Order) -> RejectReason:
    """NOTIONAL where the amount of a limit order, or a quote quantity, is outside; else NONE.

    The pipeline looks at it behind what only it can know.
    """
    units: int = order["quote_quantity_units"]
    low, high = instrument.min_notional_units, instrument.max_notional_units
    if order["order_type"] not in MARKET_KINDS:
        lots = order["quantity_lots"] * instrument.quote_units_per_tick_lot
        units = lots * order["price_ticks"]
    elif units:
        low = low if instrument.apply_min_notional_to_market else 0
        high = high if instrument.apply_max_notional_to_market else 0
    else:
        return "NONE"
    return "NOTIONAL" if _is_outside(units, low, high, 0) else "NONE"
