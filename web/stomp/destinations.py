"""Where STOMP clients can send to, and what they can subscribe to."""

import re
from collections.abc import Mapping

from schemas.instruments import Instrument
from web.stomp.frame import StompError

ORDERS = "/user/queue/orders"
"""The account's execution reports, refusals too."""
ERRORS = "/user/queue/errors"
"""Why orders that were sent were refused."""
PLACE = "/app/orders"
"""Orders to place."""
PRIVATE = frozenset({ORDERS, ERRORS})

_TOPIC = re.compile(r"/topic/(ticker|orderbook|trades)/([A-Za-z0-9._-]{1,20})", re.ASCII)
_STREAMS = {
    "ticker": "{}@ticker",
    # Whole, not changes: who has no REST needs nothing else, and may miss what is old.
    "orderbook": "{}@depth20@100ms",
    "trades": "{}@trade",
}
_KNOWN = "/topic/ticker/{symbol}, /topic/orderbook/{symbol}, /topic/trades/{symbol}"


def stream_of(destination: str, instruments: Mapping[str, Instrument]) -> str:
    """The market stream behind a topic.

    Raises:
        StompError: there is no such topic.
    """
    match = _TOPIC.fullmatch(destination)
    if match is None:
        raise StompError(
            f"no destination {destination[:50]!r}; there are {_KNOWN}, {ORDERS} and {ERRORS}"
        )
    kind, symbol = match.groups()
    if symbol.upper() not in instruments:
        raise StompError(f"no symbol {symbol!r}")
    return _STREAMS[kind].format(symbol.lower())
