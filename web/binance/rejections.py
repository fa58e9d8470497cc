"""Why the exchange refuses, in Binance's codes and texts.

The texts of its matching engine are the same for all that can be asked of it; the code says what
was asked: https://github.com/binance/binance-spot-api-docs/blob/master/errors.md
"""

from collections.abc import Mapping
from typing import NamedTuple

from schemas.enums import RejectReason
from web.binance.errors import BinanceError, error

_ZERO = "Price * QTY is zero or less."
_CLOSED = "Market is closed."
_NO_MONEY = "Account has insufficient balance for requested action."
_MAY_NOT = "This account may not place or cancel orders."
_NOBODY = "Order book liquidity is less than symbol minimum quantity."
_NO_CHANGE = "The requested action would change no state; rejecting"


class _Other(NamedTuple):
    """An error of its own, by its name in ``ERRORS``."""

    which: str
    name: str = ""
    """What its text names: a filter, or a parameter."""


_ENGINE: Mapping[RejectReason, str] = {
    "SYMBOL_HALTED": _CLOSED,
    "SYMBOL_CANCEL_ONLY": _CLOSED,
    "UNSUPPORTED_ORDER_COMBINATION": "Unsupported order combination",
    "QUANTITY_NOT_POSITIVE": _ZERO,
    "PRICE_NOT_POSITIVE": _ZERO,
    "ICEBERG_EXCEEDS_QUANTITY": "IcebergQty exceeds QTY.",
    # The gateway finds no price to make a budget of: nobody is there, and nobody ever was.
    "MISSING_BUDGET": _NOBODY,
    "DUPLICATE_CLIENT_ORDER_ID": "Duplicate order sent.",
    "WOULD_TRIGGER_IMMEDIATELY": "Order would trigger immediately.",
    "WOULD_IMMEDIATELY_MATCH": "Order would immediately match and take.",
    "NO_LIQUIDITY": _NOBODY,
    # Nobody is there within the band. A text that names a filter would be taken for its failure.
    "BUDGET_EXCEEDED": _NOBODY,
    "UNKNOWN_ORDER": "Unknown order sent.",
    "CANCEL_RESTRICTED": "Order was not canceled due to cancel restrictions.",
    "AMEND_NOT_A_REDUCTION": "Order amend (quantity increase) is not supported.",
    # Nothing would be left of the order.
    "AMEND_BELOW_EXECUTED": _ZERO,
    "CANCEL_REPLACE_STOPPED": "Unknown order sent.",
    "COMMAND_ID_REUSED": "Duplicate order sent.",
    # Who has never had money has no account with the wallet.
    "UNKNOWN_ACCOUNT": _NO_MONEY,
    "INSUFFICIENT_BALANCE": _NO_MONEY,
    "ACCOUNT_CLOSED": _MAY_NOT,
    "ACCOUNT_LOCKED": _MAY_NOT,
    "UNKNOWN_ASSET": "This symbol is not permitted for this account.",
    "AMOUNT_NOT_POSITIVE": _ZERO,
    "ORDER_LIST_PRICES": "The relationship of the prices for the orders is not correct.",
    # Its other order says why.
    "ORDER_LIST_REJECTED": "Unsupported order combination",
}

_OTHERS: Mapping[RejectReason, _Other] = {
    "NONE": _Other("UNKNOWN"),
    "UNKNOWN_SYMBOL": _Other("SYMBOL"),
    "AMOUNT_OVERFLOW": _Other("OVERFLOW", "quantity"),
    "TOO_MANY_WAITING": _Other("TOO_MANY_QUEUED"),
    # Surely nothing was done: the client may try again.
    "RESERVATION_TIMED_OUT": _Other("DISCONNECTED"),
    "MATCHING_TIMED_OUT": _Other("DISCONNECTED"),
    **{
        reason: _Other("FILTER", reason)
        for reason in (
            "PRICE_FILTER",
            "LOT_SIZE",
            "MARKET_LOT_SIZE",
            "ICEBERG_PARTS",
            "NOTIONAL",
            "PERCENT_PRICE_BY_SIDE",
            "MAX_NUM_ORDERS",
            "MAX_NUM_ALGO_ORDERS",
            "MAX_NUM_ICEBERG_ORDERS",
        )
    },
}


def placement_error(reason: RejectReason) -> BinanceError:
    """Why an order was not placed."""
    return _error("REJECTED", reason)


def cancel_error(reason: RejectReason) -> BinanceError:
    """Why an order was not canceled."""
    return _error("CANCEL_REJECTED", reason)


def amend_error(reason: RejectReason, *, is_same_quantity: bool) -> BinanceError:
    """Why an order was not amended; ``is_same_quantity``: it has the new quantity already."""
    if reason == "AMEND_NOT_A_REDUCTION" and is_same_quantity:
        return error("AMEND_REJECTED", text=_NO_CHANGE)
    return _error("AMEND_REJECTED", reason)


def query_error(reason: RejectReason) -> BinanceError:
    """Why nothing is said of an order."""
    return error("NO_SUCH_ORDER") if reason == "UNKNOWN_ORDER" else _error("REJECTED", reason)


def _error(asked: str, reason: RejectReason) -> BinanceError:
    text = _ENGINE.get(reason)
    if text is not None:
        return error(asked, text=text)
    other = _OTHERS[reason]
    return error(other.which, name=other.name)
