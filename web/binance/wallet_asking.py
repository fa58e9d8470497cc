"""Commands on an account's money, and what the wallet says of them."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import uuid4

from schemas.amounts import AmountError, parse_units
from schemas.enums import WalletRefusal
from schemas.instruments import assets_of
from web.binance.asking import require_answers
from web.binance.endpoint import Call
from web.binance.errors import BinanceError, error
from web.binance.order_request import amount_error
from web.clock import now_ms
from web.exchange.desk import NotSentError

_NO_MONEY = "Account has insufficient balance for requested action."
_MAY_NOT = "This action is disabled on this account."


class _Refusal(NamedTuple):
    """An error by its name in ``ERRORS``, with what its text has a blank for."""

    which: str
    text: str = ""
    name: str = ""


_REFUSALS: Mapping[WalletRefusal, _Refusal] = {
    "NONE": _Refusal("UNKNOWN"),
    "RESERVED_ACCOUNT_ID": _Refusal("REJECTED", text=_MAY_NOT),
    "UNKNOWN_ACCOUNT": _Refusal("REJECTED", text=_NO_MONEY),
    "ACCOUNT_EXISTS": _Refusal("REJECTED", text=_MAY_NOT),
    # Commands without a name of the client's have ids of their own, so it is that name.
    "COMMAND_ID_REUSED": _Refusal("INVALID", name="withdrawOrderId"),
    "ACCOUNT_CLOSED": _Refusal("REJECTED", text=_MAY_NOT),
    "ACCOUNT_LOCKED": _Refusal("REJECTED", text=_MAY_NOT),
    "ACCOUNT_NOT_EMPTY": _Refusal("REJECTED", text=_MAY_NOT),
    "UNKNOWN_ASSET": _Refusal("INVALID", name="coin"),
    "AMOUNT_NOT_POSITIVE": _Refusal("INVALID", name="amount"),
    "AMOUNT_OVERFLOW": _Refusal("OVERFLOW", name="amount"),
    "INSUFFICIENT_BALANCE": _Refusal("REJECTED", text=_NO_MONEY),
    "UNKNOWN_HOLD": _Refusal("UNKNOWN"),
    "HOLD_EXCEEDED": _Refusal("UNKNOWN"),
}


def wallet_error(reason: WalletRefusal) -> BinanceError:
    """Why money was not moved."""
    refusal = _REFUSALS[reason]
    return error(refusal.which, text=refusal.text, name=refusal.name)


def wallet_identity(call: Call, purpose: str, name: str = "") -> dict[str, Any]:
    """Whose command it is; ``name`` is the client's own, under which it is done once."""
    return {
        "command_id": f"{purpose}-{name or uuid4()}",
        "account_id": call.account_id,
        "time_ms": now_ms(),
    }


async def ask_wallet(call: Call, kind: str, command: Mapping[str, Any]) -> dict[str, Any]:
    """The event by which the wallet answers.

    Raises:
        BinanceError: it refuses, or no answer would be heard.
        UnknownOutcomeError: no answer came in time.
    """
    assert call.caller is not None
    require_answers(call)
    try:
        event = await call.gateway.desk.ask_wallet(kind, command, call.caller.actor)
    except NotSentError as not_sent:
        raise error("DISCONNECTED") from not_sent
    if "reason" in event:
        reason: WalletRefusal = event["reason"]
        raise wallet_error(reason)
    return event


def read_money(call: Call) -> tuple[str, int]:
    """The asset and the minor units that a request is about.

    Raises:
        BinanceError: there is no such asset, or it is no amount.
    """
    asset, text = call.values["coin"], call.values["amount"]
    if (
        asset
        not in assets_of(call.gateway.instruments)
        | call.gateway.balances.of(call.account_id).keys()
    ):
        raise error("INVALID", name="coin")
    try:
        units = parse_units(text)
    except AmountError as fault:
        raise amount_error("amount", fault) from None
    if not units:
        raise error("INVALID", name="amount")
    return asset, units
