"""What must hold between the numbers of one instrument."""

from typing import TYPE_CHECKING

from schemas.amounts import INTEGER_MAX

if TYPE_CHECKING:
    from schemas.instruments import Instrument


def contradiction(instrument: "Instrument") -> str | None:
    """What is wrong as «field: fault», with the names that the file has; None if all is well."""
    return _limit_fault(instrument) or _bounds_fault(instrument) or _overflow(instrument)


def _limit_fault(instrument: "Instrument") -> str | None:
    if instrument.max_price_ticks == 0:
        return "max_price: must be more than 0, or amounts could overflow"
    if instrument.max_iceberg_parts == 0:
        return "max_iceberg_parts: must be more than 0, or one command could fill without end"
    return None


def _bounds_fault(instrument: "Instrument") -> str | None:
    """Filters that contradict themselves would refuse every order."""
    for field, upper, low, high, step in (
        (
            "min_price",
            "max_price",
            instrument.min_price_ticks,
            instrument.max_price_ticks,
            instrument.price_step_ticks,
        ),
        (
            "min_quantity",
            "max_quantity",
            instrument.min_quantity_lots,
            instrument.max_quantity_lots,
            instrument.quantity_step_lots,
        ),
        (
            "market_min_quantity",
            "market_max_quantity",
            instrument.market_min_quantity_lots,
            instrument.market_max_quantity_lots,
            instrument.market_quantity_step_lots,
        ),
        (
            "min_notional",
            "max_notional",
            instrument.min_notional_units,
            instrument.max_notional_units,
            0,
        ),
        (
            "bid_multiplier_down",
            "bid_multiplier_up",
            instrument.bid_multiplier_down_ppm,
            instrument.bid_multiplier_up_ppm,
            0,
        ),
        (
            "ask_multiplier_down",
            "ask_multiplier_up",
            instrument.ask_multiplier_down_ppm,
            instrument.ask_multiplier_up_ppm,
            0,
        ),
    ):
        if high and low > high:
            return f"{field}: is more than {upper}"
        if step and low % step:
            return f"{field}: is not a multiple of the step"
    return None


def _overflow(instrument: "Instrument") -> str | None:
    """The largest order that the filters let through must fit 64 bits."""
    for field, quantity in (
        ("max_quantity", instrument.max_quantity_lots),
        ("market_max_quantity", instrument.market_max_quantity_lots),
        ("min_quantity", instrument.min_quantity_lots),
    ):
        if quantity * instrument.base_units_per_lot > INTEGER_MAX:
            return f"{field}: is beyond 2^63-1 in minor units"
        notional = instrument.max_price_ticks * quantity * instrument.quote_units_per_tick_lot
        if notional > INTEGER_MAX:
            return f"{field}: times max_price is beyond 2^63-1 in minor units of the quote asset"
    return None
