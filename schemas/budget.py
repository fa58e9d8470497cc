"""What is set aside for an order that names no price: stamped where it comes in.

The gateway, the command line and a backtest stamp it alike, so it is said once.
"""

from collections.abc import Mapping
from typing import Any

from schemas.instruments import Instrument

BAND_PERCENT = 5
"""How much worse than the best price a market order may be paid for, unless something else is
said."""


def market_budget(
    command: Mapping[str, Any],
    instrument: Instrument,
    price_ticks: int,
    band_percent: int = BAND_PERCENT,
) -> int:
    """The budget of a PlaceOrder of a market kind: its worth at a price, and a band on top.

    Minor units: of the quote asset for a buy, of the base asset for a sell by quote quantity.  0
    where none is needed: of a buy by quote quantity, and of a sell by quantity.
    """
    units = instrument.quote_units_per_tick_lot
    quote: int = command["quote_quantity_units"]
    if command["side"] == "BUY":
        most = price_ticks * units * int(command["quantity_lots"])
        return 0 if quote else -(-most * (100 + band_percent) // 100)
    if not quote:
        return 0
    worst_units = max(1, price_ticks * units * (100 - band_percent) // 100)
    return -(-quote // worst_units) * instrument.base_units_per_lot
