"""Limits on a command's texts and time: what no program of ours would send, and no rule handles.

A command beyond them is not refused to its sender, who may not be who it says: it becomes a dead
letter.  What a trader can get wrong (prices, quantities, combinations) is no matter of this module:
matching answers it with a report.
"""

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

try:
    from schemas.native_limits import Limits
except ImportError:
    is_built = False
else:
    is_built = True

ID_LENGTH_MAX = 64
SYMBOL_LENGTH_MAX = 20
CLIENT_ORDER_ID_LENGTH_MAX = 36
TIME_MS_END = 1 << 53
"""Times are below it, so that every reader of JSON has them exactly."""


@dataclass(frozen=True, slots=True)
class Text:
    """What a text may be: so many characters, each of which matches ``pattern``."""

    pattern: str
    words: str
    """The pattern for people."""
    common: str
    """The ASCII characters that it matches."""
    shortest: int
    longest: int

    def fault(self, value: Any) -> str | None:
        """What a value should be and is not, None if it is."""
        if re.fullmatch(f"{self.pattern}{{{self.shortest},{self.longest}}}", value):
            return None
        least = f"{self.shortest} to" if self.shortest else "at most"
        return f"{least} {self.longest} {self.words}"


@dataclass(frozen=True, slots=True)
class Time:
    """Milliseconds since the epoch."""

    def fault(self, value: Any) -> str | None:
        """What a value should be and is not, None if it is."""
        return None if 0 <= value < TIME_MS_END else "0 or more and below 2^53"


Rules: TypeAlias = "dict[str, Text | Time | Rules]"
"""By field; of a record within the record, rules again."""

_VISIBLE = string.digits + string.ascii_letters + string.punctuation

# No whitespace and nothing invisible; symbols may be in any script.
_ID = Text("[!-~]", "visible ASCII characters", _VISIBLE, 1, ID_LENGTH_MAX)
_SYMBOL = Text(
    r"[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff]", "visible characters", _VISIBLE, 1, SYMBOL_LENGTH_MAX
)
_CLIENT_ORDER_ID = Text(
    "[.A-Z:/a-z0-9_-]",
    "of [.A-Z:/a-z0-9_-]",
    string.digits + string.ascii_letters + ".:/_-",
    0,
    CLIENT_ORDER_ID_LENGTH_MAX,
)
_HOLD = Text("[!-~]", "visible ASCII characters", _VISIBLE, 0, ID_LENGTH_MAX)
_COMMON: Rules = {"command_id": _ID, "account_id": _ID, "symbol": _SYMBOL, "time_ms": Time()}
_INNER: Rules = {
    "command_id": _HOLD,
    "account_id": _HOLD,
    "symbol": Text(_SYMBOL.pattern, _SYMBOL.words, _SYMBOL.common, 0, SYMBOL_LENGTH_MAX),
    "time_ms": Time(),
}
_PLACED: Rules = {"client_order_id": _CLIENT_ORDER_ID, "hold_id": _HOLD}
_MONEY: Rules = {"command_id": _ID, "account_id": _ID, "time_ms": Time()}
_CHANGED: Rules = {
    "client_order_id": _CLIENT_ORDER_ID,
    "original_client_order_id": _CLIENT_ORDER_ID,
}

_CANCELED: Rules = _CHANGED | {"hold_id": _HOLD}

LIMITS: dict[str, Rules] = {
    "PlaceOrder": _COMMON | _PLACED,
    "CancelOrder": _COMMON | _CANCELED,
    "AmendOrder": _COMMON | _CHANGED,
    # Of the two halves these texts and times are not read, but they go where the command goes.
    "CancelReplaceOrder": _COMMON | {"cancel": _INNER | _CANCELED, "place": _INNER | _PLACED},
    "PlaceOrderList": _COMMON
    | {"list_client_order_id": _CLIENT_ORDER_ID, "first": _INNER | _PLACED}
    | {"second": _INNER | _PLACED},
    "QueryOrder": _COMMON | {"original_client_order_id": _CLIENT_ORDER_ID},
    "SetSymbolStatus": _COMMON,
    "WalletOpenAccountCommand": _MONEY,
    "WalletSetStatusCommand": _MONEY,
    "WalletDepositCommand": _MONEY | {"asset": _SYMBOL},
    "WalletWithdrawCommand": _MONEY | {"asset": _SYMBOL},
    "WalletReserveFundsCommand": _MONEY | {"asset": _SYMBOL, "symbol": _SYMBOL},
    "WalletSettleFillCommand": _MONEY
    | {"hold_id": _ID, "received_asset": _SYMBOL, "symbol": _SYMBOL},
    "WalletReleaseFundsCommand": _MONEY | {"hold_id": _ID, "symbol": _SYMBOL},
    "Tick": {"time_ms": Time()},
}
"""Of each command.  Client order ids may be empty: where one is needed, matching asks for it."""


def find_fault(name: str, record: Mapping[str, Any]) -> str | None:
    """What is beyond a limit in a command, for people; None if nothing is."""
    surely = _SURELY_WITHIN.get(name)
    if surely is not None and surely(record):
        return None
    return next(_faults(name, LIMITS[name], record), None)


def _faults(place: str, rules: Rules, record: Mapping[str, Any]) -> Iterator[str]:
    for name, rule in rules.items():
        value = record[name]
        if isinstance(rule, dict):
            yield from _faults(f"{place}.{name}", rule, value)
        elif (expected := rule.fault(value)) is not None:
            shown = repr(value)
            shown = shown if len(shown) <= 80 else f"{shown[:77]}..."
            yield f"{place}.{name}: {shown} is not {expected}"


def _for_limits(rules: Rules) -> tuple[Any, ...]:
    """Rules as ``native_limits`` takes them."""
    given: list[Any] = []
    for name, rule in rules.items():
        if isinstance(rule, Text):
            given.append((name, ("text", rule.common, rule.shortest, rule.longest)))
        elif isinstance(rule, Time):
            given.append((name, ("below", TIME_MS_END)))
        else:
            given.append((name, ("record", _for_limits(rule))))
    return tuple(given)


# In C, for every command; what is not surely within, or not built, is looked at above.
_SURELY_WITHIN = (
    {name: Limits(_for_limits(rules)) for name, rules in LIMITS.items()} if is_built else {}
)
