"""Who is let in: every kind of endpoint with everything that can be wrong with a request."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.applications import Starlette

from tests.web.auth.raw_requests import RawRequest, ask
from tests.web.gateway_parts import counting_limiter
from tests.web.memory_keys import MemoryKeys, key_of
from tests.web.unique_moments import unique_ms
from web.auth.api_key import ApiKey, KeysAwayError
from web.auth.caller import Caller, Scope
from web.auth.door import Asked, Door
from web.auth.refusal import Refused
from web.auth.security import Security
from web.auth.seen_signatures import MemorySignatures
from web.auth.signing import sign
from web.binance import rest
from web.binance.endpoint import Call, Endpoint
from web.binance.errors import BinanceError
from web.clock import now_ms
from web.gateway import Gateway

ALICE = key_of("alice")
BOB = key_of("bob")
READ_ONLY = key_of("carol", Scope.READ)

OK = (200, None)
KEY_FORMAT = (401, -2014)
NO_SUCH_KEY = (401, -2015)
NO_RIGHT = (401, -2015)
MANDATORY = (400, -1102)
WINDOW = (400, -1021)
SIGNATURE = (400, -1022)
EMPTY = (400, -1105)
INVALID = (400, -1130)
Expected = tuple[int, int | None]


class _Served:
    """A gateway's door with one endpoint of each kind behind it."""

    def __init__(self, kept: int = 1_000) -> None:
        self.refused: list[Refused] = []
        keys = _ring(ALICE, BOB, READ_ONLY)
        gateway = SimpleNamespace(
            door=Door(keys, MemorySignatures(kept), self.refused.append),
            limiter=counting_limiter(),
            instruments={},
        )
        endpoints = [
            Endpoint(
                method="POST",
                path=f"/{security.name}",
                handle=_whoami,
                summary="Says who asks.",
                security=security,
            )
            for security in Security
        ]
        self.app = Starlette(routes=[*rest.routes(cast(Gateway, gateway), endpoints)])

    def ask(self, request: RawRequest) -> Expected:
        status, answer = ask(self.app, request)
        if status == 200:
            assert set(answer) == {"account"}
            return OK
        assert set(answer) == {"code", "msg"}
        return status, answer["code"]


async def _whoami(call: Call) -> dict[str, Any]:
    return {"account": call.caller.account_id if call.caller else None}


@dataclass(frozen=True, slots=True)
class _Client:
    """Signs as clients do; every field is something that can be wrong."""

    key: ApiKey = ALICE
    header: bytes | None = None
    timestamp: str | None = None
    window: str | None = None
    signature: Callable[[str], str | None] = lambda right: right
    where: str = "query"

    def request(self, security: Security) -> RawRequest:
        timestamp = str(unique_ms()) if self.timestamp is None else self.timestamp
        parts = [f"timestamp={timestamp}"] if timestamp else []
        if self.window is not None:
            parts.append(f"recvWindow={self.window}")
        # Between query and body there is nothing.
        signed = ("" if self.where == "both" else "&").join(parts)
        signature = self.signature(sign(self.key.secret, signed.encode()))
        if signature is not None:
            at = {"first": 0, "middle": 1}.get(self.where, len(parts))
            parts.insert(at, f"signature={signature}")
        query, body = b"&".join(part.encode() for part in parts), b""
        if self.where == "body":
            query, body = b"", query
        elif self.where == "both":
            query, body = parts[0].encode(), b"&".join(part.encode() for part in parts[1:])
        header = self.key.key.encode() if self.header is None else self.header
        headers = ((b"x-mbx-apikey", header),) if header else ()
        return RawRequest("POST", f"/{security.name}", query, body, headers)


def _ago(milliseconds: int) -> str:
    return str(now_ms() - milliseconds)


ALWAYS = _Client()
SIGNED = (Security.USER_DATA, Security.TRADE, Security.WITHDRAW, Security.OPERATOR)
CHANGES = (Security.TRADE, Security.WITHDRAW, Security.OPERATOR)
ONCE = (Security.LOGON, *CHANGES)


@dataclass(frozen=True, slots=True)
class _Case:
    name: str
    client: Callable[[], _Client]
    of_key: Expected = OK
    """What an endpoint answers that asks for a key alone."""
    of_read: Expected = OK
    """What one answers that reads, with a signature."""
    of_change: Expected = OK
    """What one answers that changes something."""

    def expected(self, security: Security) -> Expected:
        if security is Security.NONE:
            return OK
        if security is Security.USER_STREAM:
            return self.of_key
        return self.of_change if security in CHANGES else self.of_read


def _all(name: str, client: Callable[[], _Client], expected: Expected) -> _Case:
    return _Case(name, client, expected, expected, expected)


def _signed(name: str, client: Callable[[], _Client], expected: Expected) -> _Case:
    return _Case(name, client, OK, expected, expected)


def _signature(change: Callable[[str], str | None]) -> Callable[[], _Client]:
    return lambda: _Client(signature=change)


CASES = [
    _all("all is right", _Client, OK),
    _all("no key", lambda: _Client(header=b""), KEY_FORMAT),
    _all("malformed key", lambda: _Client(header=b"key-alice!"), KEY_FORMAT),
    _all("a key that is too long", lambda: _Client(header=b"k" * 129), KEY_FORMAT),
    _all("a key that is no ASCII", lambda: _Client(header=b"k\xe9\xff" * 20), KEY_FORMAT),
    _all("unknown key", lambda: _Client(header=b"k" * 64), NO_SUCH_KEY),
    _all("a key in the wrong case", lambda: _Client(header=b"KEYALICE"), NO_SUCH_KEY),
    _signed("other's key", lambda: _Client(header=BOB.key.encode()), SIGNATURE),
    _Case("read-only key", lambda: _Client(key=READ_ONLY), OK, OK, NO_RIGHT),
    _signed("no timestamp", lambda: _Client(timestamp=""), MANDATORY),
    _signed("a timestamp that is none", lambda: _Client(timestamp="now"), MANDATORY),
    _signed("a timestamp with a sign", lambda: _Client(timestamp="-1"), MANDATORY),
    _signed("stale", lambda: _Client(timestamp=_ago(6_000)), WINDOW),
    _signed("stale for its window", lambda: _Client(timestamp=_ago(900), window="500"), WINDOW),
    _signed("old with a window", lambda: _Client(timestamp=_ago(9_000), window="60000"), OK),
    _signed("ahead", lambda: _Client(timestamp=_ago(-2_000)), WINDOW),
    _signed("a little ahead", lambda: _Client(timestamp=_ago(-500)), OK),
    _signed("far ahead", lambda: _Client(timestamp="9" * 19), WINDOW),
    _signed("recvWindow too large", lambda: _Client(window="60001"), MANDATORY),
    _signed("recvWindow a little too large", lambda: _Client(window="60000.001"), MANDATORY),
    _signed("the largest recvWindow", lambda: _Client(window="60000"), OK),
    _signed("recvWindow with decimals", lambda: _Client(window="6000.346"), OK),
    _signed("recvWindow with many decimals", lambda: _Client(window="5000.0001"), INVALID),
    _signed("recvWindow that is none", lambda: _Client(window="1e3"), INVALID),
    _signed("recvWindow that is empty", lambda: _Client(window=""), EMPTY),
    _signed("no signature", _signature(lambda right: None), MANDATORY),
    _signed("empty signature", _signature(lambda right: ""), MANDATORY),
    _signed("wrong signature", _signature(lambda right: right[::-1]), SIGNATURE),
    _signed("half a signature", _signature(lambda right: right[:32]), SIGNATURE),
    _signed("a signature that is no ASCII", _signature(lambda right: "%C3%A9" * 32), SIGNATURE),
    _signed("a signature that is no text", _signature(lambda right: "%FF" * 64), SIGNATURE),
    _signed("upper-case hex", _signature(str.upper), OK),
    _signed("microseconds", lambda: _Client(timestamp=f"{now_ms()}123"), OK),
    _signed("stale microseconds", lambda: _Client(timestamp=f"{_ago(6_000)}123"), WINDOW),
    *(
        _signed(f"signature {where}", lambda where=where: _Client(window="5000", where=where), OK)
        for where in ("query", "body", "first", "middle", "both")
    ),
]


@pytest.mark.parametrize("security", Security, ids=lambda security: security.name)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_kind_of_endpoint(case: _Case, security: Security) -> None:
    served = _Served()

    assert served.ask(case.client().request(security)) == case.expected(security)


@pytest.mark.parametrize("security", Security, ids=lambda security: security.name)
@pytest.mark.parametrize("change", ["none", "upper case", "moved into the body"])
def test_the_same_request_again(security: Security, change: str) -> None:
    served = _Served()
    first = _Client(window="5000").request(security)
    again = first
    if change == "upper case":
        head, mark, signature = first.query.partition(b"signature=")
        again = replace(first, query=head + mark + signature.upper())
    elif change == "moved into the body":
        head, tail = first.query.split(b"&", 1)
        again = replace(first, query=head, body=b"&" + tail)

    assert served.ask(first) == OK

    expected = SIGNATURE if security in ONCE else OK
    assert served.ask(again) == expected
    assert served.ask(again) == expected


@pytest.mark.parametrize("security", SIGNED, ids=lambda security: security.name)
def test_who_was_turned_away_can_come_again(security: Security) -> None:
    """Only what was accepted is remembered: a stranger cannot use a request up."""
    served = _Served()
    right = _Client().request(security)
    wrong = replace(right, headers=((b"x-mbx-apikey", BOB.key.encode()),))

    assert served.ask(wrong) == SIGNATURE
    assert served.ask(right) == OK


def test_refusals_say_who_it_was() -> None:
    served = _Served()
    wrong = _Client(signature=lambda right: right[::-1])

    served.ask(wrong.request(Security.TRADE))
    served.ask(_Client(header=b"k" * 64).request(Security.TRADE))
    served.ask(_Client(key=READ_ONLY).request(Security.TRADE))
    replayed = _Client().request(Security.TRADE)
    served.ask(replayed)
    served.ask(replayed)
    # Mistakes, not attempts.
    served.ask(_Client(header=b"").request(Security.TRADE))
    served.ask(_Client(timestamp="").request(Security.TRADE))
    served.ask(_Client(timestamp="1").request(Security.TRADE))

    assert [(each.reason, each.key, each.account_id) for each in served.refused] == [
        ("WRONG_SIGNATURE", "keyalice", "alice"),
        ("UNKNOWN_KEY", "kkkkkkkk", ""),
        ("MISSING_SCOPE", "keycarol", "carol"),
        ("REPLAYED", "keyalice", "alice"),
    ]
    assert {each.address for each in served.refused} == {"192.0.2.1"}


@pytest.fixture
def at_ms(monkeypatch: pytest.MonkeyPatch) -> int:
    """A moment at which the door's clock stands."""
    moment = 1_700_000_000_000
    monkeypatch.setattr("web.auth.door.now_ms", lambda: moment)
    return moment


@pytest.mark.parametrize(
    ("ago_ms", "window", "code"),
    [
        (-999, "5000", None),
        (-1_000, "5000", -1021),
        (5_000, "", None),
        (5_001, "", -1021),
        (10_000, "10000", None),
        (10_001, "10000", -1021),
        (0, "0", None),
        (1, "0", -1021),
        (6_000, "6000.999", None),
        (6_001, "6000.999", -1021),
    ],
)
def test_the_window_to_the_millisecond(
    at_ms: int, ago_ms: int, window: str, code: int | None
) -> None:
    served = _Served()
    for digits in ("", "000", "999"):
        timestamp = f"{at_ms - ago_ms}{digits}"
        request = _Client(timestamp=timestamp, window=window or None).request(Security.USER_DATA)

        assert served.ask(request)[1] == code


def test_the_websocket_api_asks_with_its_sorted_parameters() -> None:
    """Not percent-encoded, and the key is one of them."""
    door = Door(_ring(ALICE), MemorySignatures(10))
    sent = {"apiKey": ALICE.key, "symbol": "BTCUSDT", "timestamp": str(now_ms()), "name": "a b"}
    payload = "&".join(f"{name}={sent[name]}" for name in sorted(sent)).encode()
    sent["signature"] = sign(ALICE.secret, payload)
    asked = Asked(key=ALICE.key, payload=payload, sent=sent, address="")

    caller = asyncio.run(door.admit(Security.TRADE, asked))

    assert caller is not None and caller.account_id == "alice"
    with pytest.raises(BinanceError, match="-1022"):
        asyncio.run(door.admit(Security.TRADE, asked))


def test_a_session_ends_with_its_key() -> None:
    keys = MemoryKeys()
    door = Door(keys, MemorySignatures(10))
    caller = Caller(account_id="alice", key=READ_ONLY.key, scopes=READ_ONLY.scopes)

    keys.add(READ_ONLY)
    asyncio.run(door.require_still(Security.USER_DATA, caller))
    with pytest.raises(BinanceError, match="-2015"):
        asyncio.run(door.require_still(Security.TRADE, caller))
    with pytest.raises(BinanceError, match="-2015"):
        asyncio.run(Door(MemoryKeys(), MemorySignatures(1)).require_still(SIGNED[0], caller))


def test_keys_that_cannot_be_looked_for_are_not_called_wrong() -> None:
    door = Door(_NoRing(), MemorySignatures(10))
    asked = Asked(key=ALICE.key, payload=b"", sent={}, address="")

    with pytest.raises(BinanceError, match="-1001") as refused:
        asyncio.run(door.admit(Security.TRADE, asked))
    assert refused.value.status == 503


def test_what_cannot_be_remembered_is_not_let_in() -> None:
    served = _Served(kept=2)
    moment = now_ms()
    requests = [_Client(timestamp=str(moment - at)).request(Security.TRADE) for at in range(4)]

    answers = [served.ask(request) for request in requests]

    assert answers == [OK, OK, (503, -1008), (503, -1008)]
    assert served.ask(requests[0]) == SIGNATURE
    assert served.ask(_Client().request(Security.USER_DATA)) == OK


def _ring(*keys: ApiKey) -> MemoryKeys:
    ring = MemoryKeys()
    for key in keys:
        ring.add(key)
    return ring


class _NoRing:
    is_away = True

    async def find(self, key: str) -> ApiKey | None:
        raise KeysAwayError
