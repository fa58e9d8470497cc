"""Binance's errors: every code that the gateway answers with, its text and its HTTP status.

https://github.com/binance/binance-spot-api-docs/blob/master/errors.md.  Clients look at the text
first (ccxt does), so it is Binance's to the letter.
"""

from collections.abc import Mapping
from typing import Any


class BinanceError(Exception):
    """A request that is refused; ``data`` is what some errors have beside code and text."""

    def __init__(
        self, code: int, message: str, *, status: int = 400, data: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.data = data
        self.headers: list[tuple[str, str]] = []
        """Of the answer: Retry-After, say."""

    @property
    def may_have_happened(self) -> bool:
        """Whether what was asked for may have been done all the same, or a part of it was."""
        return self.status >= 500 or self.status == 409

    def as_json(self) -> dict[str, Any]:
        """The body of the answer."""
        body: dict[str, Any] = {"code": self.code, "msg": self.message}
        if self.data is not None:
            body["data"] = self.data
        return body


ERRORS: Mapping[str, tuple[int, str, int]] = {
    "UNKNOWN": (-1000, "An unknown error occurred while processing the request.", 500),
    "DISCONNECTED": (
        -1001,
        "Internal error; unable to process your request. Please try again.",
        503,
    ),
    "UNAUTHORIZED": (-1002, "You are not authorized to execute this request.", 401),
    "TOO_MUCH_WEIGHT": (
        -1003,
        "Too much request weight used; current limit is {limit} request weight per {window}. "
        "Please use WebSocket Streams for live updates to avoid polling the API.",
        429,
    ),
    "TOO_MANY_REQUESTS": (
        -1003,
        "Too many requests; current limit is {limit} requests per {window}. "
        "Please use WebSocket Streams for live updates to avoid polling the API.",
        429,
    ),
    "BANNED": (
        -1003,
        "Way too much request weight used; IP banned until {until}. "
        "Please use WebSocket Streams for live updates to avoid bans.",
        418,
    ),
    "TOO_MANY_QUEUED": (-1003, "Too many requests queued.", 429),
    "TOO_MANY_CONNECTIONS": (
        -1003,
        "Too many connections; current limit is {limit} connections per 5 MINUTES.",
        429,
    ),
    "TIMEOUT": (
        -1007,
        "Timeout waiting for response from backend server. "
        "Send status unknown; execution status unknown.",
        504,
    ),
    "OVERLOADED": (
        -1008,
        "Server is currently overloaded with other requests. Please try again in a few minutes.",
        503,
    ),
    "FILTER": (-1013, "Filter failure: {name}", 400),
    "TOO_MANY_ORDERS": (
        -1015,
        "Too many new orders; current limit is {limit} orders per {window}.",
        429,
    ),
    "GONE": (-1016, "This service is no longer available.", 410),
    "NOT_SUPPORTED": (-1020, "This operation is not supported.", 400),
    "NO_SUCH_METHOD": (-1020, "This operation is not supported. Unknown method '{name}'.", 400),
    "OUTSIDE_WINDOW": (-1021, "Timestamp for this request is outside of the recvWindow.", 400),
    "AHEAD_OF_TIME": (
        -1021,
        "Timestamp for this request was 1000ms ahead of the server's time.",
        400,
    ),
    "SIGNATURE": (-1022, "Signature for this request is not valid.", 400),
    "ILLEGAL_CHARACTERS": (
        -1100,
        "Illegal characters found in parameter '{name}'; legal range is '{legal}'.",
        400,
    ),
    "DUPLICATE_PARAMETER": (-1101, "Duplicate values for a parameter detected.", 400),
    "MANDATORY": (
        -1102,
        "Mandatory parameter '{name}' was not sent, was empty/null, or malformed.",
        400,
    ),
    "ONE_OF": (
        -1102,
        "Param '{first}' or '{second}' must be sent, but both were empty/null!",
        400,
    ),
    "TOO_LARGE": (-1102, "'{name}' contains unexpected value. Cannot be greater than {most}.", 400),
    "NOT_ALL_READ": (
        -1104,
        "Not all sent parameters were read; read '{read}' parameter(s) but was sent '{sent}'.",
        400,
    ),
    "EMPTY": (-1105, "Parameter '{name}' was empty.", 400),
    "NOT_REQUIRED": (-1106, "Parameter '{name}' sent when not required.", 400),
    "OVERFLOW": (-1108, "Parameter '{name}' overflowed.", 400),
    "PRECISION": (-1111, "Parameter '{name}' has too much precision.", 400),
    "TIME_IN_FORCE": (-1115, "Invalid timeInForce.", 400),
    "ORDER_TYPE": (-1116, "Invalid orderType.", 400),
    "SIDE": (-1117, "Invalid side.", 400),
    "INTERVAL": (-1120, "Invalid interval.", 400),
    "SYMBOL": (-1121, "Invalid symbol.", 400),
    "SYMBOL_STATUS": (-1122, "Invalid symbolStatus.", 400),
    "LISTEN_KEY": (-1125, "This listenKey does not exist.", 400),
    "TOO_LONG_A_TIME": (
        -1127,
        "More than {hours} hours between startTime and endTime.",
        400,
    ),
    "PARAMETERS": (-1128, "Combination of optional parameters invalid.", 400),
    "INVALID": (-1130, "Data sent for parameter '{name}' is not valid.", 400),
    "STRATEGY_TYPE": (-1134, "strategyType was less than 1000000.", 400),
    "JSON": (-1135, "Invalid JSON Request", 400),
    "JSON_ID": (
        -1135,
        "Invalid 'id' in JSON request; expected an integer, "
        "a string matching '^[a-zA-Z0-9-_]{{1,36}}$', or null.",
        400,
    ),
    "JSON_NO_METHOD": (-1135, "Missing required 'method' in JSON request.", 400),
    "JSON_METHOD": (-1135, "Invalid 'method' in JSON request; expected a string.", 400),
    "JSON_PARAMS": (-1135, "Invalid 'params' in JSON request; expected an object.", 400),
    "TICKER_TYPE": (-1139, "Invalid ticker type.", 400),
    "CANCEL_RESTRICTIONS": (-1145, "Invalid cancelRestrictions", 400),
    "SYMBOL_TWICE": (-1151, "Symbol is present multiple times in the list.", 400),
    "TIME_UNIT": (
        -1194,
        "Invalid value for time unit; expected either MICROSECOND or MILLISECOND.",
        400,
    ),
    "STATUS_MISMATCH": (
        -1220,
        "The symbol's status does not match the requested symbolStatus.",
        400,
    ),
    "REJECTED": (-2010, "{text}", 400),
    "CANCEL_REJECTED": (-2011, "{text}", 400),
    "NO_SUCH_ORDER": (-2013, "Order does not exist.", 400),
    "KEY_FORMAT": (-2014, "API-key format invalid.", 401),
    "KEY": (-2015, "Invalid API-key, IP, or permissions for action.", 401),
    "REPLACE_PARTLY_FAILED": (-2021, "Order cancel-replace partially failed.", 409),
    "REPLACE_FAILED": (-2022, "Order cancel-replace failed.", 400),
    "SUBSCRIBED": (-2035, "User Data Stream subscription already active.", 400),
    "NOT_SUBSCRIBED": (-2036, "User Data Stream subscription not active.", 400),
    "AMEND_REJECTED": (-2038, "{text}", 400),
    "OTHER_CLIENT_ORDER_ID": (-2039, "Client order ID is not correct for this order ID.", 400),
    "NO_REFERENCE_PRICE": (-2043, "This symbol doesn't have a reference price.", 400),
    "TOO_MANY_SUBSCRIPTIONS": (
        -2042,
        "Too many active subscriptions; the most is {most} per connection.",
        400,
    ),
    "SUBSCRIPTION_IDS": (-2042, "Maximum subscription ID reached for this connection.", 400),
}
"""By a name of ours: code, text with its blanks, HTTP status."""


def error(
    which: str, /, *, data: Mapping[str, Any] | None = None, **blanks: object
) -> BinanceError:
    """The error of this name in ``ERRORS``, its blanks filled in."""
    code, text, status = ERRORS[which]
    return BinanceError(code, text.format(**blanks), status=status, data=data)
