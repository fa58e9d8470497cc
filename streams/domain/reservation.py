"""What an order needs to be paid for: at its placement, and as long as it is open."""

from schemas.enums import OrderType, Side
from schemas.instruments import Instrument
from schemas.records import PlaceOrder
from streams.domain.events import ReportEvent
from streams.domain.order_kinds import MARKET_KINDS
from streams.domain.order_status import CLOSED_STATUSES


def reservation(instrument: Instrument, command: PlaceOrder) -> tuple[str, int]:
    """The asset and the amount, in its minor units, that an order's hold is made of.

    For commands that passed the checks that need no market: of others the amount may be anything.
    """
    side = command["side"]
    asset = instrument.quote_asset if side == "BUY" else instrument.base_asset
    return asset, _needed(
        instrument,
        side,
        command["order_type"],
        command["quote_quantity_units"],
        command["budget_units"],
        command["reserved_price_ticks"],
        command["quantity_lots"],
        0,
        0,
    )


def still_needed(instrument: Instrument, report: ReportEvent) -> int:
    """What the order of a report still needs of its hold, in minor units: 0 once it has ended."""
    if report.order_status in CLOSED_STATUSES:
        return 0
    return _needed(
        instrument,
        report.side,
        report.order_type,
        report.quote_quantity_units,
        report.budget_units,
        report.reserved_price_ticks,
        report.leaves_quantity_lots,
        report.cumulative_quantity_lots,
        report.cumulative_quote_units,
    )


def _needed(
    instrument: Instrument,
    side: Side,
    order_type: OrderType,
    quote_quantity: int,
    budget: int,
    reserved_price: int,
    leaves_lots: int,
    filled_lots: int,
    filled_quote_units: int,
) -> int:
    if side != "BUY":
        base_units = instrument.base_units_per_lot
        return budget - filled_lots * base_units if quote_quantity else leaves_lots * base_units
    if quote_quantity:
        most = min(quote_quantity, budget) if budget else quote_quantity
        return most - filled_quote_units
    if order_type in MARKET_KINDS:
        return budget - filled_quote_units
    return reserved_price * leaves_lots * instrument.quote_units_per_tick_lot
