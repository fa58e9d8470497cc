"""The kinds of order types that the rules speak of, and which way a stop looks."""

from typing import Final

from schemas.enums import OrderType, Side

LIMIT_KINDS: Final[frozenset[OrderType]] = frozenset(
    {"LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"}
)
MARKET_KINDS: Final[frozenset[OrderType]] = frozenset({"MARKET", "STOP_LOSS", "TAKE_PROFIT"})
STOP_KINDS: Final[frozenset[OrderType]] = frozenset(
    {"STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"}
)
_STOP_LOSS_KINDS: Final[frozenset[OrderType]] = frozenset({"STOP_LOSS", "STOP_LOSS_LIMIT"})


def triggers_above(side: Side, order_type: OrderType) -> bool:
    """Whether a stop's condition holds at prices from the stop price upwards.

    A stop loss follows the price against its owner (a buyer's upwards), a take profit the other
    way.
    """
    return (order_type in _STOP_LOSS_KINDS) == (side == "BUY")
