"""A session of the WebSocket API: who has logged on, and how each request is answered."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from web.auth.caller import Caller
from web.auth.door import Asked
from web.auth.security import Security
from web.binance.endpoint import Call, Endpoint
from web.binance.errors import BinanceError, error
from web.binance.parameters import read_parameters
from web.binance.rate_limits import rate_limits, retry_data
from web.binance.rest import carry_out
from web.binance.ws_methods import SESSION_METHODS, SessionMethod
from web.binance.ws_request import BadRequestError, RequestId, WsRequest, read_request
from web.binance.ws_subscriptions import Subscriptions
from web.clock import now_ms
from web.fanout.message import Message
from web.gateway import Gateway
from web.limits.use import Headers

log = logging.getLogger(__name__)

_TOO_MUCH = (418, 429)
_BANNED = 418
_NAME_SHOWN = 50
_REASON_BYTES = 120
"""A close frame has room for few more."""


class Line(Protocol):
    """What a session needs of its connection."""

    @property
    def address(self) -> str:
        """The client's address."""

    def send(self, message: Message) -> None:
        """Send it when its turn comes."""

    async def send_answer(self, message: Message) -> None:
        """Send it, once the client has read most of what came before."""

    def close(self, code: int, reason: str) -> None:
        """Close behind all that was sent so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a connection wants its answers."""

    in_microseconds: bool = False
    return_rate_limits: bool = True


class WsSession:
    """Everything about one connection that outlives a request; no I/O of its own."""

    def __init__(
        self, gateway: Gateway, methods: Mapping[str, Endpoint], line: Line, manner: Manner
    ) -> None:
        self.gateway = gateway
        self.manner = manner
        self.connected_ms = now_ms()
        self.authorized_ms: int | None = None
        self.caller: Caller | None = None
        """Who has logged on."""
        self.subscriptions = Subscriptions(gateway.user_data, line.send)
        self._line = line
        self._methods = methods
        self._banned = ""
        """Why nobody talks to this client any more."""

    async def answer(self, text: str) -> None:
        """Send the answer to a frame, whatever is in it: one, always."""
        try:
            request = read_request(text)
        except BadRequestError as bad:
            await self._line.send_answer(await self._unread(bad))
            self._part()
            return
        answer = await self._answer(request)
        if request.method in SESSION_METHODS:
            # At once: events must not overtake the answer that says under which id they come.
            self._line.send(answer)
        else:
            await self._line.send_answer(answer)
        self._part()

    def _part(self) -> None:
        """Close, where nobody talks to this client any more."""
        if self._banned:
            self._line.close(1008, self._banned)

    async def _unread(self, bad: BadRequestError) -> Message:
        """The answer to what is no request; it was asked for, too."""
        refused, headers = bad.refused, Headers()
        try:
            await self._weigh(headers)
        except BinanceError as too_much:
            refused = too_much
        return self._failed(bad.id, refused, headers, self.manner.return_rate_limits)

    async def _weigh(self, headers: Headers) -> None:
        """Count what cannot be answered; raises BinanceError if it is too much."""
        limiter = self.gateway.limiter
        limiter.require_welcome(self._line.address)
        used = await limiter.take(address=self._line.address, caller=None, weight=1)
        headers += used.headers()

    async def _answer(self, request: WsRequest) -> Message:
        shows = request.return_rate_limits
        if shows is None:
            shows = self.manner.return_rate_limits
        headers: Headers = []
        try:
            result = await self._carry_out(request, headers)
            return self._reply(request.id, {"status": 200, "result": result}, headers, shows)
        except BinanceError as refused:
            return self._failed(request.id, refused, headers, shows)
        except Exception:
            log.exception("%s failed", request.method[:_NAME_SHOWN])
            return self._failed(request.id, error("UNKNOWN"), headers, shows)

    async def _carry_out(self, request: WsRequest, headers: Headers) -> Any:
        limiter = self.gateway.limiter
        limiter.require_welcome(self._line.address)
        try:
            method = self._find(request.method)
            asked = self._asked(request)
            caller = await self._admit(method, asked)
            values = read_parameters(request.given, method.parameters, self.gateway.instruments)
        except BinanceError:
            # What cannot be answered was asked for, too.
            await self._weigh(headers)
            raise
        use = await limiter.take(
            address=asked.address,
            caller=caller,
            weight=method.weight_of(values),
            orders=method.orders,
            is_free_when_done=isinstance(method, Endpoint) and method.is_free_when_done,
        )
        call = Call(self.gateway, values, caller)
        try:
            if isinstance(method, SessionMethod):
                return await method.handle(self, call)
            return await carry_out(method, call)
        except BinanceError as refused:
            use.failed(is_unknown=refused.may_have_happened)
            raise
        finally:
            headers += use.headers()

    def _find(self, name: str) -> Endpoint | SessionMethod:
        found = SESSION_METHODS.get(name) or self._methods.get(name)
        if found is None:
            shown = name if name.isascii() and name.isprintable() else "?"
            raise error("NO_SUCH_METHOD", name=shown[:_NAME_SHOWN])
        return found

    def _asked(self, request: WsRequest) -> Asked:
        sent = dict(request.given)
        key = sent.get("apiKey", self.caller.key if self.caller else "")
        return Asked(
            key=key,
            payload=request.payload,
            sent=sent,
            address=self._line.address,
            # A key or a signature that is there all the same speaks for itself.
            is_logged_on=self.caller is not None
            and key == self.caller.key
            and "signature" not in sent,
        )

    async def _admit(self, method: Endpoint | SessionMethod, asked: Asked) -> Caller | None:
        if isinstance(method, SessionMethod) and method.needs_logon and not asked.is_logged_on:
            raise error("UNAUTHORIZED")
        if method.security is Security.USER_STREAM and not asked.key:
            raise error("MANDATORY", name="apiKey")
        return await self.gateway.door.admit(method.security, asked)

    def _failed(
        self,
        request_id: RequestId,
        refused: BinanceError,
        headers: Headers,
        shows_limits: bool,
    ) -> Message:
        body = refused.as_json()
        used = headers + [each for each in refused.headers if each not in headers]
        if refused.status in _TOO_MUCH and (data := retry_data(used)) is not None:
            body["data"] = data
        if refused.status == _BANNED:
            self._banned = refused.message[:_REASON_BYTES]
        return self._reply(
            request_id, {"status": refused.status, "error": body}, used, shows_limits
        )

    def _reply(
        self,
        request_id: RequestId,
        answer: dict[str, Any],
        headers: Headers,
        shows_limits: bool,
    ) -> Message:
        reply = {"id": request_id, **answer}
        if shows_limits:
            reply["rateLimits"] = rate_limits(self.gateway.limiter.rules, headers)
        return Message("", reply)
