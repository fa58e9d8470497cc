"""A session of the WebSocket API: one answer to each request, whatever comes."""

import asyncio
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.binance.talk import ALICE, TEST_ENDPOINTS, Talk, signed

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


@settings(max_examples=300)
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


@settings(max_examples=300)
@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_whatever_comes_is_answered_once(text: str) -> None:
    talk = Talk()

    asyncio.run(talk.session.answer(text))

    assert len(talk.line.sent) == 1
