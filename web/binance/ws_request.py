"""Requests of the WebSocket API: from a frame's text to a method and its parameters; pure."""

import json
import re
from dataclasses import dataclass
from typing import Any

from web.binance.errors import BinanceError, error
from web.binance.parameters import Given

RequestId = int | str | None

_ID = re.compile(r"[a-zA-Z0-9-_]{1,36}", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_VERSION = "v3/"
_RETURN_RATE_LIMITS = "returnRateLimits"


class BadRequestError(Exception):
    """A frame that is no request; ``id`` is its id as far as it can be read."""

    def __init__(self, request_id: RequestId, refused: BinanceError) -> None:
        super().__init__(str(refused))
        self.id = request_id
        self.refused = refused


@dataclass(frozen=True, slots=True, kw_only=True)
class WsRequest:
    """A request, its parameters as texts, as REST has them."""

    id: RequestId
    method: str
    """Without its version."""
    given: Given
    """All parameters but ``returnRateLimits``."""
    payload: bytes
    """What its signature is of."""
    return_rate_limits: bool | None
    """None: as the connection was asked to."""


class _Number(str):
    """A number's digits as they came: the signature is of these."""


class _Object(list[tuple[str, Any]]):
    """An object's names and values, also those that are there twice."""


def read_request(text: str) -> WsRequest:
    """The request of a frame.

    Raises:
        BadRequestError: it is none.
    """
    fields = _fields(text)
    request_id = _id(fields.get("id"))
    try:
        return _request(request_id, fields)
    except BinanceError as refused:
        raise BadRequestError(request_id, refused) from None
    except (RecursionError, UnicodeEncodeError):
        # Values in one another without end, or half a character.
        raise BadRequestError(request_id, error("JSON")) from None


def read_object(text: str) -> Given:
    """The parameters that an object of JSON holds, as texts.

    Raises:
        BinanceError: it is none.
    """
    try:
        parsed = _parse(text)
        if not isinstance(parsed, _Object):
            raise error("JSON")
        given = [(name, _text(value)) for name, value in parsed]
        "".join(name + value for name, value in given).encode()
    except (ValueError, RecursionError):
        raise error("JSON") from None
    return given


def _parse(text: str) -> Any:
    return json.loads(
        text,
        parse_int=_Number,
        parse_float=_Number,
        parse_constant=_refuse_constant,
        object_pairs_hook=_Object,
    )


def _fields(text: str) -> dict[str, Any]:
    try:
        parsed = _parse(text)
    except (ValueError, RecursionError):
        raise BadRequestError(None, error("JSON")) from None
    if not isinstance(parsed, _Object):
        raise BadRequestError(None, error("JSON"))
    return dict(parsed)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _id(value: Any) -> RequestId:
    if value is None:
        return None
    if isinstance(value, _Number):
        if _INTEGER.fullmatch(value) and -(2**63) <= int(value) < 2**63:
            return int(value)
    elif isinstance(value, str) and _ID.fullmatch(value):
        return value
    raise BadRequestError(None, error("JSON_ID"))


def _request(request_id: RequestId, fields: dict[str, Any]) -> WsRequest:
    if "method" not in fields:
        raise error("JSON_NO_METHOD")
    method = fields["method"]
    if not isinstance(method, str) or isinstance(method, _Number):
        raise error("JSON_METHOD")
    params = fields.get("params", _Object())
    if not isinstance(params, _Object):
        raise error("JSON_PARAMS")
    given = [(name, _text(value)) for name, value in params]
    signed = sorted(each for each in given if each[0] != "signature")
    # What is not signed has to be whole characters as well.
    "".join(value for _, value in given).encode()
    shown = [value for name, value in given if name == _RETURN_RATE_LIMITS]
    return WsRequest(
        id=request_id,
        method=method.removeprefix(_VERSION),
        given=[each for each in given if each[0] != _RETURN_RATE_LIMITS],
        payload="&".join(f"{name}={value}" for name, value in signed).encode(),
        return_rate_limits=read_flag(_RETURN_RATE_LIMITS, shown[-1]) if shown else None,
    )


def read_flag(name: str, text: str) -> bool:
    """True or false.

    Raises:
        BinanceError: it is neither.
    """
    if text not in ("true", "false"):
        raise error("INVALID", name=name)
    return text == "true"


def _text(value: Any) -> str:
    """A parameter as REST would have it."""
    if value is None:
        return ""
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    """The JSON of what was parsed, numbers as they came, without spaces."""
    if isinstance(value, _Object):
        return "{" + ",".join(f"{json.dumps(n)}:{_json(v)}" for n, v in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    return value if isinstance(value, _Number) else json.dumps(value, ensure_ascii=False)
