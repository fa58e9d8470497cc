"""A session of the WebSocket API: one answer to each request, whatever comes."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.memory_keys import MemoryKeys, key_of
from tests.web.standing_gateway import standing_gateway
from web.auth.api_key import ApiKey
from web.auth.caller import Caller, Scope
from web.auth.security import Security
from web.auth.signing import sign
from web.binance.catalogue import ENDPOINTS
from web.binance.endpoint import Call, Endpoint
from web.binance.errors import BinanceError, error
from web.binance.parameters import Parameter
from web.binance.reply import TimeMs
from web.binance.ws_session import Manner, WsSession
from web.clock import now_ms
from web.limits.limiter import Headers, Limiter


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

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.closed: tuple[int, str] | None = None

    def send(self, text: str) -> None:
        self.sent.append(json.loads(text))

    async def send_answer(self, text: str) -> None:
        self.send(text)

    def close(self, code: int = 1000, reason: str = "") -> None:
        self.closed = code, reason


class Talk:
    """A session and its line."""

    def __init__(self, *, limiter: Limiter | None = None, **manner: bool) -> None:
        self.keys = MemoryKeys()
        self.keys.add(ALICE)
        self.keys.add(READER)
        self.line = Line()
        self.gateway = standing_gateway(self.keys, limiter=limiter)
        methods = {each.ws_method: each for each in TEST_ENDPOINTS}
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
    params = {"timestamp": now_ms(), "apiKey": key.key, **params}
    payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
    return {**params, "signature": sign(key.secret, payload.encode())}


@pytest.mark.parametrize("request_id", [7, -7, "7", "a-b_c", None])
def test_answers_with_the_id_in_its_type(request_id: Any) -> None:
    answer = Talk().ask("ping", request_id)

    assert answer == {"id": request_id, "status": 200, "result": {}, "rateLimits": []}


def test_takes_a_version_before_the_method() -> None:
    assert Talk().ask("v3/time")["status"] == 200


def test_every_endpoint_with_a_method_is_reachable() -> None:
    """By what is missing or unknown of each it can be told from an unknown method."""
    talk = Talk()
    for endpoint in ENDPOINTS:
        if endpoint.ws_method:
            assert talk.ask(endpoint.ws_method).get("error", {}).get("code") != -1020
    assert talk.ask("no.such")["error"] == {
        "code": -1020,
        "msg": "This operation is not supported. Unknown method 'no.such'.",
    }


def test_no_two_endpoints_have_one_method() -> None:
    methods = [each.ws_method for each in ENDPOINTS if each.ws_method]

    assert len(set(methods)) == len(methods)


def test_says_the_time_in_the_unit_of_the_connection() -> None:
    microseconds = Talk(in_microseconds=True).ask("time")["result"]["serverTime"]

    assert microseconds > 10**15


def test_hides_rate_limits_by_connection_and_by_request() -> None:
    quiet = Talk(return_rate_limits=False)

    assert "rateLimits" not in quiet.ask("ping")
    assert "rateLimits" in quiet.ask("ping", returnRateLimits=True)
    assert "rateLimits" not in Talk().ask("ping", returnRateLimits=False)


def test_admits_what_is_signed_over_sorted_parameters() -> None:
    talk = Talk()

    assert talk.ask("whoami", **signed(ALICE))["result"] == {"account": "alice", "at": 1_000}
    wrong = {**signed(ALICE), "recvWindow": 5_000}
    assert talk.ask("whoami", **wrong)["error"]["code"] == -1022
    assert talk.ask("whoami")["error"]["code"] == -2014
    assert talk.ask("trade", **signed(READER, quantity="1"))["error"]["code"] == -2015
    old = signed(ALICE, timestamp=now_ms() - 60_000)
    assert talk.ask("whoami", **old)["error"]["code"] == -1021


def test_a_signature_of_strange_characters_is_wrong_and_no_more() -> None:
    params = {**signed(ALICE), "signature": "é" * 64}

    assert Talk().ask("whoami", **params)["error"]["code"] == -1022


def test_after_a_logon_key_and_signature_may_be_left_out() -> None:
    talk = Talk()

    status = talk.logon()["result"]
    assert (status["apiKey"], status["userDataStream"]) == (ALICE.key, False)
    assert talk.ask("session.status")["result"]["authorizedSince"] == status["authorizedSince"]
    assert talk.ask("whoami", timestamp=now_ms())["result"]["account"] == "alice"
    assert talk.ask("trade", timestamp=now_ms(), quantity="1")["status"] == 200
    assert talk.ask("whoami")["error"]["code"] == -1102
    # Who brings a key all the same must sign.
    assert talk.ask("whoami", **signed(READER))["result"]["account"] == "reader"
    assert talk.ask("whoami", apiKey=READER.key, timestamp=now_ms())["error"]["code"] == -1102


def test_a_logout_forgets_the_key() -> None:
    talk = Talk()
    talk.logon()

    status = talk.ask("session.logout")["result"]

    assert (status["apiKey"], status["authorizedSince"]) == (None, None)
    assert talk.ask("whoami", timestamp=now_ms())["error"]["code"] == -2014


def test_a_wrong_logon_leaves_the_one_before_as_it_was() -> None:
    talk = Talk()
    talk.logon()

    wrong = {**signed(READER), "signature": "0" * 64}
    assert talk.ask("session.logon", **wrong)["error"]["code"] == -1022
    assert talk.ask("whoami", timestamp=now_ms())["result"]["account"] == "alice"


def test_a_key_that_is_revoked_is_logged_on_no_more() -> None:
    talk = Talk()
    talk.logon()

    talk.keys.remove(ALICE)

    assert talk.ask("whoami", timestamp=now_ms())["error"]["code"] == -2015
    assert talk.ask("userDataStream.subscribe")["error"]["code"] == -2015


def test_subscribes_once_an_account() -> None:
    talk = Talk()
    assert talk.ask("userDataStream.subscribe")["error"]["code"] == -1002
    talk.logon()

    assert talk.ask("userDataStream.subscribe")["result"] == {"subscriptionId": 0}
    assert talk.ask("userDataStream.subscribe")["error"]["code"] == -2035
    again = talk.ask("userDataStream.subscribe.signature", **signed(ALICE))
    assert again["error"]["code"] == -2035
    other = talk.ask("userDataStream.subscribe.signature", **signed(READER))
    assert other["result"] == {"subscriptionId": 1}
    assert talk.ask("session.subscriptions")["result"] == [
        {"subscriptionId": 0},
        {"subscriptionId": 1},
    ]
    assert talk.ask("session.status")["result"]["userDataStream"] is True


def test_a_key_that_is_only_named_subscribes_to_nothing() -> None:
    talk = Talk()

    assert talk.ask("userDataStream.subscribe", apiKey=ALICE.key)["error"]["code"] == -1002
    talk.logon(READER)
    assert talk.ask("userDataStream.subscribe", apiKey=ALICE.key)["error"]["code"] == -1002
    assert talk.gateway.user_data.listeners == 0


def test_unsubscribes_one_or_all() -> None:
    talk = Talk()
    for key in (ALICE, READER):
        talk.ask("userDataStream.subscribe.signature", **signed(key))

    assert talk.ask("userDataStream.unsubscribe", subscriptionId=1)["result"] == {}
    assert talk.line.sent[-2]["subscriptionId"] == 1
    assert talk.line.sent[-2]["event"]["e"] == "eventStreamTerminated"
    assert talk.ask("userDataStream.unsubscribe", subscriptionId=1)["error"]["code"] == -2036
    assert talk.ask("userDataStream.unsubscribe")["result"] == {}
    assert talk.ask("userDataStream.unsubscribe")["error"]["code"] == -2036
    assert talk.gateway.user_data.listeners == 0
    # Ids are never used again.
    renewed = talk.ask("userDataStream.subscribe.signature", **signed(ALICE))
    assert renewed["result"] == {"subscriptionId": 2}


def test_a_logout_ends_the_subscription_of_the_logon_alone() -> None:
    talk = Talk()
    talk.logon()
    talk.ask("userDataStream.subscribe")
    talk.ask("userDataStream.subscribe.signature", **signed(READER))

    talk.ask("session.logout")

    assert talk.ask("session.subscriptions")["result"] == [{"subscriptionId": 1}]
    assert talk.line.sent[-3]["event"]["e"] == "eventStreamTerminated"


def test_a_session_that_is_over_listens_to_nothing() -> None:
    talk = Talk()
    talk.ask("userDataStream.subscribe.signature", **signed(ALICE))

    talk.session.close()

    assert talk.gateway.user_data.listeners == 0


def test_bounds_how_many_it_subscribes_to() -> None:
    talk = Talk()
    for number in range(1_000):
        talk.session.subscriptions.add(f"account-{number}", "key", is_by_logon=False)

    refused = talk.ask("userDataStream.subscribe.signature", **signed(ALICE))

    assert refused["error"]["code"] == -2042
    talk.session.subscriptions.end(5)
    talk.session.subscriptions._next_id = 65_535
    refused = talk.ask("userDataStream.subscribe.signature", **signed(ALICE))
    assert refused["error"]["msg"] == "Maximum subscription ID reached for this connection."


def test_a_bug_is_answered_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    answer = Talk().ask("breaks", 5)

    assert (answer["id"], answer["status"], answer["error"]["code"]) == (5, 500, -1000)
    assert "a bug" in caplog.text


class Counting:
    """A limiter that lets three through and then says when to come back."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str | None, int]] = []

    async def take(
        self, *, address: str, caller: Caller | None, weight: int, orders: int
    ) -> Headers:
        self.taken.append((address, caller.account_id if caller else None, weight))
        used: Headers = [
            ("X-MBX-USED-WEIGHT-1M", str(len(self.taken))),
            ("X-MBX-ORDER-COUNT-10S", str(orders)),
        ]
        if len(self.taken) > 4:
            refused: BinanceError = error("BANNED", until="tomorrow")
        elif len(self.taken) > 3:
            refused = error("TOO_MUCH_WEIGHT", limit=3, window="1 MINUTE")
        else:
            return used
        refused.headers = [*used, ("Retry-After", "30")]
        raise refused


def test_counts_weight_and_says_what_is_used() -> None:
    limiter = Counting()
    talk = Talk(limiter=limiter)

    answer = talk.ask("ping")
    talk.ask("whoami", **signed(ALICE))
    talk.ask("session.status")

    assert answer["rateLimits"] == [
        {
            "rateLimitType": "REQUEST_WEIGHT",
            "interval": "MINUTE",
            "intervalNum": 1,
            "limit": 6_000,
            "count": 1,
        },
        {
            "rateLimitType": "ORDERS",
            "interval": "SECOND",
            "intervalNum": 10,
            "limit": 100,
            "count": 0,
        },
    ]
    assert limiter.taken == [
        ("192.0.2.7", None, 1),
        ("192.0.2.7", "alice", 1),
        ("192.0.2.7", None, 2),
    ]


def test_says_when_to_come_back_and_parts_with_who_is_banned() -> None:
    talk = Talk(limiter=Counting())
    for _ in range(3):
        talk.ask("ping")

    much = talk.ask("ping")
    assert (much["status"], much["error"]["code"]) == (429, -1003)
    data = much["error"]["data"]
    assert data["retryAfter"] - data["serverTime"] == 30_000
    assert talk.line.closed is None

    assert talk.ask("ping")["status"] == 418
    assert talk.line.closed is not None


IDS = (
    st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.from_regex(r"[a-zA-Z0-9_-]{1,36}", fullmatch=True)
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=4,
)
METHODS = st.sampled_from(
    [
        *(each.ws_method for each in TEST_ENDPOINTS[:-1] if each.ws_method),
        "session.logon",
        "session.logout",
        "session.status",
        "session.subscriptions",
        "userDataStream.subscribe",
        "userDataStream.subscribe.signature",
        "userDataStream.unsubscribe",
        "v3/v3/ping",
    ]
) | st.text(max_size=10)
NAMES = st.sampled_from(
    [
        "apiKey",
        "timestamp",
        "signature",
        "recvWindow",
        "subscriptionId",
        "quantity",
        "listenKey",
        "returnRateLimits",
    ]
) | st.text(max_size=8)
GOOD = st.just("signed")


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(IDS, METHODS, GOOD | st.dictionaries(NAMES, VALUES, max_size=4)), max_size=8)
)
def test_each_request_is_answered_once_whatever_is_asked(
    requests: list[tuple[Any, str, Any]],
) -> None:
    talk = Talk()
    for request_id, method, params in requests:
        sent = signed(ALICE) if params == "signed" else params
        text = json.dumps({"id": request_id, "method": method, "params": sent})
        before = len(talk.line.sent)

        asyncio.run(talk.session.answer(text))

        answers = [each for each in talk.line.sent[before:] if "status" in each]
        assert len(answers) == 1
        assert answers[0]["id"] == request_id
        assert ("result" in answers[0]) != ("error" in answers[0])
        assert answers[0]["status"] < 500


@settings(max_examples=300, deadline=None)
@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_whatever_comes_is_answered_once(text: str) -> None:
    talk = Talk()

    asyncio.run(talk.session.answer(text))

    assert len(talk.line.sent) == 1
