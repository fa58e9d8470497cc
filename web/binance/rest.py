"""REST: from a request to its endpoint's answer, for all endpoints alike.

Plain ASGI behind one route: a router that tries a pattern for each endpoint, and request and
response objects, cost several times what an answer from memory does.
"""

import logging
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from schemas.codec import EncodeError
from web.auth.caller import Caller
from web.auth.door import Asked
from web.auth.security import Security
from web.auth.signing import signed_payload
from web.binance.endpoint import Call, Endpoint
from web.binance.errors import BinanceError, error
from web.binance.kept_replies import KeptReplies
from web.binance.parameters import Given, read_parameters
from web.binance.reply import to_json
from web.binance.rest_request import RestRequest, given_in, read_body
from web.exchange.desk import UnknownOutcomeError
from web.gateway import Gateway
from web.limits.use import Headers

log = logging.getLogger(__name__)

_TIME_UNITS = {b"": False, b"MILLISECOND": False, b"MICROSECOND": True}
_READ_LATELY = 1_024
"""Queries whose parameters are remembered: most clients ask the same again and again."""
_QUERY_BYTES_MAX = 512
"""Nothing is remembered of longer ones."""


def routes(gateway: Gateway, endpoints: Iterable[Endpoint]) -> list[BaseRoute]:
    """The one route that leads to all endpoints."""
    return [_Rest(gateway, endpoints)]


class _Rest(BaseRoute):
    """All endpoints, by path and method."""

    def __init__(self, gateway: Gateway, endpoints: Iterable[Endpoint]) -> None:
        self._answers: dict[str, dict[str, _Answer]] = {}
        kept = KeptReplies()
        for endpoint in endpoints:
            answer = _Answer(gateway, endpoint, kept)
            for path in (endpoint.path, *endpoint.old_paths):
                self._answers.setdefault(path, {})[endpoint.method] = answer

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the request's path is an endpoint's."""
        is_ours = scope["type"] == "http" and scope["path"] in self._answers
        return (Match.FULL if is_ours else Match.NONE), {}

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        """Endpoints have no names."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        method = scope["method"]
        answers = self._answers[scope["path"]]
        answer = answers.get("GET" if method == "HEAD" else method)
        # Figures are kept by address.
        scope["route"] = _Place(scope["path"])
        headers: Headers = []
        if answer is None:
            headers = [("allow", ", ".join(sorted(answers)))]
            refusal = BinanceError(-1020, "This operation is not supported.", status=405)
            await _send(send, to_json(refusal.as_json()), refusal.status, headers)
            return
        try:
            body, headers = await answer.give(RestRequest(scope), receive)
            status = 200
        except BinanceError as refused:
            body, status, headers = to_json(refused.as_json()), refused.status, refused.headers
        await _send(send, body, status, headers)


class _Place(NamedTuple):
    """What a route is asked for when an answer is counted."""

    path: str


class _Answer:
    """One endpoint over REST."""

    def __init__(self, gateway: Gateway, endpoint: Endpoint, kept: KeptReplies) -> None:
        self._gateway = gateway
        self._endpoint = endpoint
        self._kept = kept
        self._has_body = endpoint.method != "GET"
        # Whoever calls is known by a key, and what a signed request says is never said twice.
        self._is_open = endpoint.security is Security.NONE and not self._has_body
        self._read_query = lru_cache(_READ_LATELY)(self._values)

    async def give(self, request: RestRequest, receive: Receive) -> tuple[bytes, Headers]:
        """The answer's body and headers.

        Raises:
            BinanceError: the request is refused.
        """
        gateway, endpoint = self._gateway, self._endpoint
        limiter = gateway.limiter
        limiter.require_welcome(request.address)
        try:
            in_microseconds = _in_microseconds(request)
            caller, values = await self._admit(request, receive)
        except BinanceError as refused:
            # What cannot be answered was asked for, too.
            use = await limiter.take(
                address=request.address, caller=None, weight=endpoint.least_weight
            )
            refused.headers += use.headers()
            raise
        use = await limiter.take(
            address=request.address,
            caller=caller,
            weight=endpoint.weight_of(values),
            orders=endpoint.orders,
            is_free_when_done=endpoint.is_free_when_done,
        )
        call = Call(gateway, values, caller)
        try:
            body = await self._reply(call, request.query, in_microseconds)
        except BinanceError as refused:
            use.failed(is_unknown=refused.may_have_happened)
            refused.headers += use.headers()
            raise
        return body, [*use.headers(), *call.headers]

    async def _admit(
        self, request: RestRequest, receive: Receive
    ) -> tuple[Caller | None, Mapping[str, Any]]:
        """Who calls, and the endpoint's parameters."""
        gateway, endpoint = self._gateway, self._endpoint
        if self._is_open:
            is_usual = len(request.query) <= _QUERY_BYTES_MAX
            return None, (self._read_query if is_usual else self._values)(request.query)
        sent = await read_body(receive) if self._has_body else b""
        given = given_in(request.query, sent)
        asked = Asked(
            key=request.header(b"x-mbx-apikey").decode("latin-1"),
            payload=signed_payload(request.query, sent),
            sent=dict(given),
            address=request.address,
        )
        caller = await gateway.door.admit(endpoint.security, asked)
        return caller, read_parameters(given, endpoint.parameters, gateway.instruments)

    async def _reply(self, call: Call, query: bytes, in_microseconds: bool) -> bytes:
        endpoint = self._endpoint
        state = None if endpoint.state_of is None else endpoint.state_of(call)
        if state is None or len(query) > _QUERY_BYTES_MAX:
            return to_json(await carry_out(endpoint, call), in_microseconds=in_microseconds)
        request = endpoint.path, query, in_microseconds
        kept = self._kept.find(request, state)
        if kept is None:
            made = to_json(await carry_out(endpoint, call), in_microseconds=in_microseconds)
            self._kept.keep(request, state, made)
            return made
        return kept

    def _values(self, query: bytes) -> Mapping[str, Any]:
        given: Given = given_in(query, b"")
        return read_parameters(given, self._endpoint.parameters, self._gateway.instruments)


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


def _in_microseconds(request: RestRequest) -> bool:
    unit = request.header(b"x-mbx-time-unit").upper()
    if unit not in _TIME_UNITS:
        raise error("TIME_UNIT")
    return _TIME_UNITS[unit]


async def _send(send: Send, body: bytes, status: int, headers: Headers) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", b"application/json;charset=UTF-8"),
                (b"content-length", str(len(body)).encode()),
                *((name.lower().encode(), value.encode("latin-1")) for name, value in headers),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
