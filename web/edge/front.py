"""The outermost layer: ids, headers, figures, and an answer where a bug left none."""

import logging
import time
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.binance.errors import BinanceError, error
from web.binance.reply import to_json
from web.edge import correlation
from web.limits.use import Headers
from web.metrics import Metrics

log = logging.getLogger(__name__)

BODY_BYTES_MAX = 64 * 1024

_CORRELATION = correlation.HEADER.lower().encode()
_SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    # Nothing but the own style sheet and pictures: there is no script on any page.
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
        b" form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
    ),
]
_CACHE = (b"cache-control", b"no-store")
_ENCRYPTED = (b"strict-transport-security", b"max-age=31536000")
_WEIGHT = b"x-mbx-used-weight-"
_APIS = ("/api/", "/sapi/", "/fapi/", "/dapi/")
_SOCKETS = {"ws": "stream", "stream": "stream", "ws-api": "api", "stomp": "stomp"}


class Front:
    """Around the whole application."""

    def __init__(
        self, app: ASGIApp, *, metrics: Metrics, used_weight: Callable[[str], Headers]
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._used_weight = used_weight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or serve a WebSocket."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "websocket":
            correlation.enter(_header(scope, _CORRELATION))
            # Whoever asks for «*» has no slash in it at all.
            kind = _SOCKETS.get(scope["path"].removeprefix("/").partition("/")[0], "other")
            with self._metrics.websocket(kind):
                await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        told, length = b"", b""
        for name, value in scope["headers"]:
            if name == _CORRELATION:
                told = value
            elif name == b"content-length":
                length = value
        answer = _Answer(scope, send, correlation.enter(told), self._used_weight)
        try:
            if len(length) > 9 or (length and int(length) > BODY_BYTES_MAX):
                await answer.refuse(too_large())
            else:
                await self._app(scope, receive, answer.send)
        except Exception:
            log.exception("%s %s could not be answered", scope["method"], scope["path"])
            if answer.status:
                raise
            await answer.refuse(error("UNKNOWN"))
        finally:
            route = scope.get("route")
            self._metrics.answered(
                scope["method"],
                "other" if route is None else route.path,
                answer.status,
                time.perf_counter() - started,
            )


class _Answer:
    """Sends an answer on, with the headers that every answer has."""

    __slots__ = ("_correlation", "_scope", "_send", "_used_weight", "status")

    def __init__(
        self, scope: Scope, send: Send, correlation_id: str, used_weight: Callable[[str], Headers]
    ) -> None:
        self.status = 0
        """0: nothing was sent."""
        self._scope = scope
        self._send = send
        self._correlation = correlation_id
        self._used_weight = used_weight

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *self._headers(message)]
        await self._send(message)

    async def refuse(self, refused: BinanceError) -> None:
        body = to_json(refused.as_json())
        headers: list[Any] = [
            (b"content-type", b"application/json;charset=UTF-8"),
            (b"content-length", b"%d" % len(body)),
        ]
        start = {"type": "http.response.start", "status": refused.status, "headers": headers}
        await self.send(start)
        await self.send({"type": "http.response.body", "body": body})

    def _headers(self, message: Message) -> list[tuple[bytes, bytes]]:
        scope = self._scope
        headers = [(_CORRELATION, self._correlation.encode()), *_SECURITY]
        there = {name for name, _ in message.get("headers", ())}
        if b"cache-control" not in there:
            headers.append(_CACHE)
        if scope["scheme"] == "https":
            headers.append(_ENCRYPTED)
        is_weighed = any(name.startswith(_WEIGHT) for name in there)
        if not is_weighed and scope["path"].startswith(_APIS):
            address = scope["client"][0] if scope["client"] else ""
            headers += [
                (name.lower().encode(), value.encode())
                for name, value in self._used_weight(address)
            ]
        return headers


def too_large() -> BinanceError:
    """The answer to a body that is longer than any request needs."""
    return BinanceError(-1105, "The request's body is too large.", status=413)


def _header(scope: Scope, name: bytes) -> bytes:
    return next((value for known, value in scope["headers"] if known == name), b"")
