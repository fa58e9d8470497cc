"""A session of the WebSocket API without a socket, and endpoints of its own to ask."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any

from tests.web.memory_keys import MemoryKeys, key_of
from tests.web.standing_gateway import standing_gateway
from tests.web.unique_moments import unique_ms
from web.auth.api_key import ApiKey
from web.auth.caller import Scope
from web.auth.security import Security
from web.auth.signing import sign
from web.binance.catalogue import ENDPOINTS
from web.binance.endpoint import Call, Endpoint
from web.binance.parameters import Parameter
from web.binance.reply import TimeMs
from web.binance.ws_session import Manner, WsSession
from web.fanout.message import MICROSECONDS, Message
from web.limits.limiter import Limiter


async def _whoami(call: Call) -> dict[str, Any]:
    return {"account": call.account_id, "at": TimeMs(1_000)}


async def _breaks(_call: Call) -> None:
    raise RuntimeError("a bug")


ALICE = key_of("alice")
READER = key_of("reader", Scope.READ)
TEST_ENDPOINTS = (
    *ENDPOINTS,
    Endpoint(
        method="GET",
        path="/whoami",
        handle=_whoami,
        summary="",
        security=Security.USER_DATA,
        ws_method="whoami",
    ),
    Endpoint(
        method="POST",
        path="/trade",
        handle=_whoami,
        summary="",
        security=Security.TRADE,
        parameters=(Parameter(name="quantity", kind="decimal", is_required=True),),
        ws_method="trade",
    ),
    Endpoint(method="GET", path="/breaks", handle=_breaks, summary="", ws_method="breaks"),
)


class Line:
    """A connection that keeps what is sent."""

    address = "192.0.2.7"

    def __init__(self, *, in_microseconds: bool) -> None:
        self.sent: list[dict[str, Any]] = []
        self.closed: tuple[int, str] | None = None
        self._form = MICROSECONDS * in_microseconds

    def send(self, message: Message) -> None:
        assert self.closed is None
        self.sent.append(json.loads(message.encoded(self._form)))

    async def send_answer(self, message: Message) -> None:
        self.send(message)

    def close(self, code: int, reason: str) -> None:
        self.closed = code, reason


class Talk:
    """A session and its line."""

    def __init__(
        self,
        *,
        limiter: Limiter | None = None,
        endpoints: Iterable[Endpoint] = TEST_ENDPOINTS,
        **manner: bool,
    ) -> None:
        self.keys = MemoryKeys()
        self.keys.add(ALICE)
        self.keys.add(READER)
        self.line = Line(in_microseconds=manner.get("in_microseconds", False))
        self.gateway = standing_gateway(self.keys, limiter=limiter)
        methods = {each.ws_method: each for each in endpoints}
        self.session = WsSession(self.gateway, methods, self.line, Manner(**manner))

    def ask(self, method: str, request_id: Any = 1, **params: Any) -> dict[str, Any]:
        """The answer to a request."""
        body = {"id": request_id, "method": method, "params": params}
        before = len(self.line.sent)
        asyncio.run(self.session.answer(json.dumps(body)))
        (answer,) = [each for each in self.line.sent[before:] if "status" in each]
        return answer

    def logon(self, key: ApiKey = ALICE) -> dict[str, Any]:
        return self.ask("session.logon", **signed(key))


def signed(key: ApiKey, **params: Any) -> dict[str, Any]:
    """The parameters with key, time and signature."""
    params = {"timestamp": unique_ms(), "apiKey": key.key, **params}
    payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
    return {**params, "signature": sign(key.secret, payload.encode())}
