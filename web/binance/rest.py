"""REST: from a request to its endpoint's answer, for all endpoints alike."""

import logging
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from schemas.codec import EncodeError
from web.auth.caller import Caller
from web.auth.door import Asked
from web.auth.signing import signed_payload
from web.binance.endpoint import Call, Endpoint
from web.binance.errors import BinanceError, error
from web.binance.parameters import Given, read_parameters
from web.binance.reply import to_json
from web.edge.front import BODY_BYTES_MAX, too_large
from web.exchange.desk import UnknownOutcomeError
from web.gateway import Gateway
from web.limits.use import Headers

log = logging.getLogger(__name__)

_FIELDS_MAX = 200
_TIME_UNITS = {"": False, "MILLISECOND": False, "MICROSECOND": True}


def routes(gateway: Gateway, endpoints: Iterable[Endpoint]) -> list[Route]:
    """A route for each endpoint."""
    return [
        Route(endpoint.path, _Answer(gateway, endpoint).respond, methods=[endpoint.method])
        for endpoint in endpoints
    ]


class _Answer:
    """One endpoint over REST."""

    def __init__(self, gateway: Gateway, endpoint: Endpoint) -> None:
        self._gateway = gateway
        self._endpoint = endpoint

    async def respond(self, request: Request) -> Response:
        """The endpoint's response, or its error."""
        try:
            body, headers = await self._answer(request)
            return _response(body, 200, headers)
        except BinanceError as refused:
            return _response(to_json(refused.as_json()), refused.status, refused.headers)

    async def _answer(self, request: Request) -> tuple[bytes, Headers]:
        gateway, endpoint = self._gateway, self._endpoint
        limiter = gateway.limiter
        address = request.client.host if request.client else ""
        limiter.require_welcome(address)
        try:
            in_microseconds = _in_microseconds(request)
            caller, values = await self._admit(request, address)
        except BinanceError as refused:
            # What cannot be answered was asked for, too.
            use = await limiter.take(address=address, caller=None, weight=endpoint.least_weight)
            refused.headers += use.headers()
            raise
        use = await limiter.take(
            address=address,
            caller=caller,
            weight=endpoint.weight_of(values),
            orders=endpoint.orders,
            is_free_when_done=endpoint.is_free_when_done,
        )
        try:
            reply = await carry_out(endpoint, Call(gateway, values, caller))
        except BinanceError as refused:
            use.failed(is_unknown=refused.may_have_happened)
            refused.headers += use.headers()
            raise
        return to_json(reply, in_microseconds=in_microseconds), use.headers()

    async def _admit(self, request: Request, address: str) -> tuple[Caller | None, dict[str, Any]]:
        """Who calls, and the endpoint's parameters."""
        gateway, endpoint = self._gateway, self._endpoint
        query = request.scope["query_string"]
        body = await _body(request)
        given = _given(query, body)
        asked = Asked(
            key=request.headers.get("x-mbx-apikey", ""),
            payload=signed_payload(query, body),
            sent=dict(given),
            address=address,
        )
        caller = await gateway.door.admit(endpoint.security, asked)
        return caller, read_parameters(given, endpoint.parameters, gateway.instruments)


async def carry_out(endpoint: Endpoint, call: Call) -> object:
    """The endpoint's answer, whatever the way it was asked.

    Raises:
        BinanceError: the exchange refuses, or does not answer.
    """
    try:
        return await endpoint.handle(call)
    except UnknownOutcomeError as unknown:
        log.warning("%s %s: %s", endpoint.method, endpoint.path, unknown)
        raise error("TIMEOUT") from unknown
    except EncodeError as fault:
        log.warning("%s %s: %s", endpoint.method, endpoint.path, fault)
        raise error("PARAMETERS") from fault


def _in_microseconds(request: Request) -> bool:
    unit = request.headers.get("x-mbx-time-unit", "").upper()
    if unit not in _TIME_UNITS:
        raise error("TIME_UNIT")
    return _TIME_UNITS[unit]


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_BYTES_MAX:
            raise too_large()
        parts.append(part)
    return b"".join(parts)


def _given(query: bytes, body: bytes) -> Given:
    """Parameters of both; of those in both the query's count."""
    try:
        of_query = parse_qsl(query.decode(), keep_blank_values=True, max_num_fields=_FIELDS_MAX)
        of_body = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError:
        raise error("ILLEGAL_CHARACTERS", name="body", legal="name=value&...") from None
    names = {name for name, _ in of_query}
    return of_query + [each for each in of_body if each[0] not in names]


def _response(body: bytes, status: int, headers: Headers) -> Response:
    response = Response(body, status, media_type="application/json;charset=UTF-8")
    for name, value in headers:
        response.headers[name] = value
    return response
