"""Control frames: what a client asks of its connection, and the answer.

https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#live-subscribingunsubscribing-to-streams
No I/O: ``Control`` knows what its client has asked for so far, and says what is to be done.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from web.binance.streams.names import is_acceptable

_METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
_ID_LENGTH_MAX = 36
_ID_MAX = 2**63
_METHOD_VALUE = re.compile(r'"method"\s*:\s*"(?:[^"\\]|\\.)*"')

UNKNOWN_PROPERTY, INVALID_VALUE, INVALID_REQUEST, INVALID_JSON = range(4)
"""Codes of refusals."""


class ControlError(Exception):
    """A request that is refused."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(slots=True)
class Answer:
    """What a request leads to: at first the changes, then the reply."""

    reply: dict[str, Any]
    joined: list[str] = field(default_factory=list)
    """Streams that it listens to from now on."""
    left: list[str] = field(default_factory=list)
    """Streams that it listens to no more."""
    combined: bool | None = None
    """Whether messages come with the name of their stream from now on; None: as before."""


class Control:
    """One connection's streams and properties."""

    def __init__(self, *, is_combined: bool, streams_max: int) -> None:
        self.is_combined = is_combined
        self.streams: dict[str, None] = {}
        """What it listens to, the first one first."""
        self._streams_max = streams_max

    def begin(self, names: Iterable[str]) -> list[str] | None:
        """Listen to what the address asks for, whatever it is; None: those are too many."""
        wanted = dict.fromkeys(name for name in names if name)
        if len(wanted) > self._streams_max:
            return None
        self.streams = wanted
        return list(wanted)

    def answer(self, text: str) -> Answer:
        """Do what a message asks for, and say what comes of it."""
        request_id: Any = None
        try:
            request = _parse(text)
            request_id = _id_of(request)
            answer = _METHOD[_method_of(request, text)](self, _params_of(request))
        except ControlError as refused:
            return _refusal({"code": refused.code, "msg": refused.message}, request_id)
        answer.reply["id"] = request_id
        return answer

    def take_back(self, answer: Answer, refused: Mapping[str, Any]) -> Answer:
        """Of an answer whose streams turn out not to be there: the refusal instead."""
        for name in answer.joined:
            del self.streams[name]
        return _refusal(refused, answer.reply["id"])

    def _subscribe(self, params: list[Any]) -> Answer:
        names = _names(params)
        joined = [name for name in dict.fromkeys(names) if name not in self.streams]
        if len(self.streams) + len(joined) > self._streams_max:
            raise ControlError(
                INVALID_REQUEST, f"Invalid request: more than {self._streams_max} streams"
            )
        self.streams.update(dict.fromkeys(joined))
        return Answer({"result": None}, joined=joined)

    def _unsubscribe(self, params: list[Any]) -> Answer:
        left = [name for name in dict.fromkeys(_names(params)) if name in self.streams]
        for name in left:
            del self.streams[name]
        return Answer({"result": None}, left=left)

    def _list(self, params: list[Any]) -> Answer:
        _require_at_most(params, 0)
        return Answer({"result": list(self.streams)})

    def _set(self, params: list[Any]) -> Answer:
        _require_at_most(params, 2)
        _require_property(params)
        if len(params) < 2 or not isinstance(params[1], bool):
            raise ControlError(INVALID_VALUE, "Invalid value type: expected Boolean")
        self.is_combined = params[1]
        return Answer({"result": None}, combined=params[1])

    def _get(self, params: list[Any]) -> Answer:
        _require_at_most(params, 1)
        _require_property(params)
        return Answer({"result": self.is_combined})


_METHOD: Mapping[str, Callable[[Control, list[Any]], Answer]] = {
    "SUBSCRIBE": Control._subscribe,
    "UNSUBSCRIBE": Control._unsubscribe,
    "LIST_SUBSCRIPTIONS": Control._list,
    "SET_PROPERTY": Control._set,
    "GET_PROPERTY": Control._get,
}


def _refusal(error: Mapping[str, Any], request_id: Any) -> Answer:
    # Binance's documents have code and text beside the id, its servers send them in «error», and
    # clients look in either place.
    return Answer({"error": error, **error, "id": request_id})


def _parse(text: str) -> dict[str, Any]:
    try:
        request = orjson.loads(text)
    except orjson.JSONDecodeError as fault:
        raise ControlError(
            INVALID_JSON,
            f"Invalid JSON: expected value at line {fault.lineno} column {fault.colno}",
        ) from None
    if not isinstance(request, dict):
        raise ControlError(INVALID_REQUEST, "Invalid request: a request must be a JSON object")
    return request


def _id_of(request: Mapping[str, Any]) -> Any:
    given = request.get("id", "")
    is_number = type(given) is int and -_ID_MAX <= given < _ID_MAX
    is_text = isinstance(given, str) and 0 < len(given) <= _ID_LENGTH_MAX
    if not (is_number or is_text or given is None):
        raise ControlError(
            INVALID_REQUEST, "Invalid request: request ID must be an unsigned integer"
        )
    return given


def _method_of(request: Mapping[str, Any], text: str) -> str:
    method = request.get("method")
    if not isinstance(method, str):
        raise ControlError(
            INVALID_REQUEST, f"Invalid request: missing field `method` {_place(text, len(text))}"
        )
    if method not in _METHODS:
        value = _METHOD_VALUE.search(text)
        expected = ", ".join(f"`{each}`" for each in _METHODS)
        raise ControlError(
            INVALID_REQUEST,
            f"Invalid request: unknown variant `{method}`, expected one of {expected} "
            f"{_place(text, value.end() if value else len(text))}",
        )
    return method


def _place(text: str, at: int) -> str:
    before = text[:at]
    return f"at line {before.count(chr(10)) + 1} column {at - before.rfind(chr(10)) - 1}"


def _params_of(request: Mapping[str, Any]) -> list[Any]:
    params = request.get("params", [])
    if not isinstance(params, list):
        raise ControlError(INVALID_REQUEST, "Invalid request: params must be an array")
    return params


def _names(params: list[Any]) -> list[str]:
    if not params:
        raise ControlError(INVALID_REQUEST, "Invalid request: params must name streams")
    for name in params:
        if not isinstance(name, str) or not is_acceptable(name):
            raise ControlError(INVALID_REQUEST, "Invalid request: invalid stream")
    return params


def _require_at_most(params: list[Any], count: int) -> None:
    if len(params) > count:
        raise ControlError(INVALID_REQUEST, "Invalid request: too many parameters")


def _require_property(params: list[Any]) -> None:
    if not params or not isinstance(params[0], str):
        raise ControlError(INVALID_REQUEST, "Invalid request: property name must be a string")
    if params[0] != "combined":
        raise ControlError(UNKNOWN_PROPERTY, "Unknown property")
