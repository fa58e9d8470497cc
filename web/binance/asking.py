"""Commands of a caller, and what the exchange says of them."""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from web.binance.endpoint import Call
from web.binance.errors import error
from web.clock import now_ms
from web.exchange.desk import NotSentError

log = logging.getLogger(__name__)

Report = dict[str, Any]
"""An ExecutionReport."""


def identity(call: Call, symbol: str, *, purpose: str = "web") -> dict[str, Any]:
    """Whose command it is, under an id of its own; ``purpose`` begins the id."""
    return {
        "command_id": f"{purpose}-{uuid4()}",
        "account_id": call.account_id,
        "symbol": symbol,
        "time_ms": now_ms(),
    }


async def ask(call: Call, kind: str, command: Mapping[str, Any]) -> list[Report]:
    """The reports that answer a command of ``orders.commands``, in order.

    Raises:
        BinanceError: nothing was sent, for no answer would be heard.
        UnknownOutcomeError: no answer came in time.
    """
    assert call.caller is not None
    require_answers(call)
    try:
        return await call.gateway.desk.ask(kind, command, call.caller.actor)
    except NotSentError as not_sent:
        log.warning("%s was not sent: %s", kind, not_sent)
        raise error("DISCONNECTED") from not_sent


def require_answers(call: Call) -> None:
    """Refuse a command that cannot be sent, or whose answer nobody would hear: it is not sent.

    Raises:
        BinanceError: the broker is away, or the log is not read.
    """
    feed = call.gateway.feed
    if feed.is_cut_off or not feed.is_alive:
        raise error("DISCONNECTED")
