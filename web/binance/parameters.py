"""Parameters as Binance's clients send them: texts in, checked values out."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from schemas.instruments import Instrument
from web.auth.signing import timestamp_ms
from web.binance.errors import error

Kind = Literal[
    "symbol", "symbols", "integer", "decimal", "text", "name", "choice", "flag", "time", "zone"
]
"""``symbol``: its Instrument; ``symbols``: a JSON list of them; ``integer``, not negative;
``decimal``: the text of a number, not negative; ``name``: a client's own id; ``choice``: one of
``values``; ``flag``: true or false; ``time``: in ms, or in microseconds, read as ms; ``zone``: a
time zone's lead on UTC, read as ms."""

LEGAL: Mapping[str, str] = {
    "symbol": "^[A-Z0-9-_.]{1,20}$",
    "integer": "^[0-9]{1,20}$",
    "decimal": "^([0-9]{1,20})(\\.[0-9]{1,20})?$",
    "name": "^[a-zA-Z0-9-_]{1,36}$",
    "time": "^[0-9]{1,20}$",
    "zone": "^[+-]?[0-9]{1,2}(:[0-5][0-9])?$",
}
"""What a value of these kinds may look like."""
_PATTERNS = {kind: re.compile(legal, re.ASCII) for kind, legal in LEGAL.items()}
_INTEGER_MAX = 2**63 - 1
_MINUTE_MS = 60_000
_ZONES_MS = range(-12 * 60 * _MINUTE_MS, 14 * 60 * _MINUTE_MS + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of an endpoint."""

    name: str
    kind: Kind = "text"
    is_required: bool = False
    default: Any = None
    values: tuple[str, ...] = ()
    """Of a choice."""
    wrong: str = "INVALID"
    """The error, by its name in ``ERRORS``, for a value that is none of a choice's."""
    most: int | None = None
    """Of an integer; what is more is taken as this."""
    least: int = 0
    """Of an integer; what is less is refused."""
    description: str = ""


Given = Sequence[tuple[str, str]]
"""Names and values as they came, in their order."""

SIGNING = ("signature", "timestamp", "recvWindow", "apiKey")
"""Read by whoever checks signatures, not by endpoints."""


def read_parameters(
    given: Given, known: Iterable[Parameter], instruments: Mapping[str, Instrument]
) -> dict[str, Any]:
    """The values by name; parameters that were not sent have their defaults.

    Raises:
        BinanceError: one is missing, twice there, not known, or no such value.
    """
    sent = dict(given)
    if len(sent) < len(given):
        raise error("DUPLICATE_PARAMETER")
    values: dict[str, Any] = {}
    read = sum(name in sent for name in SIGNING)
    for parameter in known:
        text = sent.get(parameter.name)
        if text is None or text == "":
            if parameter.is_required:
                raise error("MANDATORY", name=parameter.name)
            if text == "":
                raise error("EMPTY", name=parameter.name)
            values[parameter.name] = parameter.default
        else:
            read += 1
            values[parameter.name] = _READ[parameter.kind](parameter, text, instruments)
    if read < len(sent):
        raise error("NOT_ALL_READ", read=read, sent=len(sent))
    return values


def _symbol(parameter: Parameter, text: str, instruments: Mapping[str, Instrument]) -> Instrument:
    _require_legal(parameter, text)
    if text not in instruments:
        raise error("SYMBOL")
    return instruments[text]


def _symbols(
    parameter: Parameter, text: str, instruments: Mapping[str, Instrument]
) -> list[Instrument]:
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        raise error("ILLEGAL_CHARACTERS", name=parameter.name, legal='["A","B"]') from None
    if not isinstance(listed, list) or not listed or not all(isinstance(s, str) for s in listed):
        raise error("INVALID", name=parameter.name)
    if len(set(listed)) < len(listed):
        raise error("SYMBOL_TWICE")
    one = Parameter(name=parameter.name, kind="symbol")
    return [_symbol(one, symbol, instruments) for symbol in listed]


def _integer(parameter: Parameter, text: str, _instruments: object) -> int:
    _require_legal(parameter, text)
    value = int(text)
    if value > _INTEGER_MAX:
        raise error("OVERFLOW", name=parameter.name)
    if value < parameter.least:
        raise error("INVALID", name=parameter.name)
    return value if parameter.most is None else min(value, parameter.most)


def _time(parameter: Parameter, text: str, instruments: Mapping[str, Instrument]) -> int:
    return timestamp_ms(_integer(parameter, text, instruments))


def _zone(parameter: Parameter, text: str, _instruments: object) -> int:
    _require_legal(parameter, text)
    hours, _, minutes = text.lstrip("+-").partition(":")
    lead_ms = (int(hours) * 60 + int(minutes or 0)) * _MINUTE_MS
    if text[0] == "-":
        lead_ms = -lead_ms
    if lead_ms not in _ZONES_MS:
        raise error("INVALID", name=parameter.name)
    return lead_ms


def _decimal(parameter: Parameter, text: str, _instruments: object) -> str:
    _require_legal(parameter, text)
    return text


def _text(_parameter: Parameter, text: str, _instruments: object) -> str:
    return text


def _name(parameter: Parameter, text: str, _instruments: object) -> str:
    _require_legal(parameter, text)
    return text


def _choice(parameter: Parameter, text: str, _instruments: object) -> str:
    if text not in parameter.values:
        raise error(parameter.wrong, name=parameter.name)
    return text


def _flag(parameter: Parameter, text: str, _instruments: object) -> bool:
    if text.lower() not in ("true", "false"):
        raise error("INVALID", name=parameter.name)
    return text.lower() == "true"


def _require_legal(parameter: Parameter, text: str) -> None:
    kind = "symbol" if parameter.kind == "symbols" else parameter.kind
    if _PATTERNS[kind].fullmatch(text) is None:
        raise error("ILLEGAL_CHARACTERS", name=parameter.name, legal=LEGAL[kind])


_READ = {
    "symbol": _symbol,
    "symbols": _symbols,
    "integer": _integer,
    "decimal": _decimal,
    "text": _text,
    "name": _name,
    "choice": _choice,
    "flag": _flag,
    "time": _time,
    "zone": _zone,
}
