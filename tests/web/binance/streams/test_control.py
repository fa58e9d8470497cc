"""Control frames: Binance's answers word by word, a model of what was asked for, and noise."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.binance.streams.control import Control

_STREAMS = ["btcusdt@trade", "btcusdt@depth@100ms", "!miniTicker@arr", "0", "bnbbtc@kline_1m"]
_MAX = 3


def _control(streams_max: int = 1_024) -> Control:
    return Control(is_combined=False, streams_max=streams_max)


def _answer(control: Control, request: object) -> dict[str, Any]:
    return control.answer(json.dumps(request)).reply


@pytest.mark.parametrize("request_id", [1, 0, -5, 2**63 - 1, "abc", "x" * 36, None])
def test_the_id_comes_back_as_it_is(request_id: object) -> None:
    request = {"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": request_id}

    assert _answer(_control(), request) == {"result": None, "id": request_id}


def test_lists_what_was_asked_for_in_order() -> None:
    control = _control()
    control.begin(["bnbbtc@trade", "", "bnbbtc@trade"])
    _answer(control, {"method": "SUBSCRIBE", "params": _STREAMS[:2], "id": 1})
    _answer(control, {"method": "UNSUBSCRIBE", "params": ["bnbbtc@trade", "never"], "id": 2})

    answer = _answer(control, {"method": "LIST_SUBSCRIPTIONS", "id": "3"})

    assert answer == {"result": _STREAMS[:2], "id": "3"}


def test_sets_and_gets_the_property() -> None:
    control = _control()
    asked = {"method": "GET_PROPERTY", "params": ["combined"], "id": 1}

    before = _answer(control, asked)
    answer = control.answer('{"method":"SET_PROPERTY","params":["combined",true],"id":2}')

    assert before == {"result": False, "id": 1}
    assert (answer.reply, answer.combined) == ({"result": None, "id": 2}, True)
    assert _answer(control, asked) == {"result": True, "id": 1}


_VARIANT = (
    "Invalid request: unknown variant `SUBSCRIB`, expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, "
    "`LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY` at line 1 column 20"
)
_ID = "Invalid request: request ID must be an unsigned integer"


@pytest.mark.parametrize(
    ("text", "code", "message", "request_id"),
    [
        ('{"method":"SUBSCRIB","id":7}', 2, _VARIANT, 7),
        ('{"id":7}', 2, "Invalid request: missing field `method` at line 1 column 8", 7),
        ('{"method":"LIST_SUBSCRIPTIONS"}', 2, _ID, None),
        ('{"method":"LIST_SUBSCRIPTIONS","id":1.5}', 2, _ID, None),
        ('{"method":"LIST_SUBSCRIPTIONS","id":true}', 2, _ID, None),
        ('{"method":"LIST_SUBSCRIPTIONS","id":""}', 2, _ID, None),
        (json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": "x" * 37}), 2, _ID, None),
        (json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": 2**63}), 2, _ID, None),
        (
            '{"method":"LIST_SUBSCRIPTIONS","params":["x"],"id":1}',
            2,
            "Invalid request: too many parameters",
            1,
        ),
        (
            '{"method":"GET_PROPERTY","params":["combined",1],"id":1}',
            2,
            "Invalid request: too many parameters",
            1,
        ),
        (
            '{"method":"GET_PROPERTY","params":[5],"id":1}',
            2,
            "Invalid request: property name must be a string",
            1,
        ),
        (
            '{"method":"GET_PROPERTY","id":1}',
            2,
            "Invalid request: property name must be a string",
            1,
        ),
        ('{"method":"GET_PROPERTY","params":["color"],"id":"a"}', 0, "Unknown property", "a"),
        ('{"method":"SET_PROPERTY","params":["color",true],"id":1}', 0, "Unknown property", 1),
        (
            '{"method":"SET_PROPERTY","params":["combined","true"],"id":1}',
            1,
            "Invalid value type: expected Boolean",
            1,
        ),
        (
            '{"method":"SET_PROPERTY","params":["combined"],"id":1}',
            1,
            "Invalid value type: expected Boolean",
            1,
        ),
        (
            '{"method":"SUBSCRIBE","params":["not a stream"],"id":1}',
            2,
            "Invalid request: invalid stream",
            1,
        ),
        (
            '{"method":"SUBSCRIBE","params":"x","id":1}',
            2,
            "Invalid request: params must be an array",
            1,
        ),
        (
            '{"method":"SUBSCRIBE","params":[],"id":1}',
            2,
            "Invalid request: params must name streams",
            1,
        ),
        ("[1]", 2, "Invalid request: a request must be a JSON object", None),
        ('{"method":\n x}', 3, "Invalid JSON: expected value at line 2 column 2", None),
    ],
)
def test_says_what_is_wrong(text: str, code: int, message: str, request_id: object) -> None:
    reply = _control().answer(text).reply

    assert reply == {
        "error": {"code": code, "msg": message},
        "code": code,
        "msg": message,
        "id": request_id,
    }


def test_refuses_more_streams_than_a_connection_may_have() -> None:
    control = _control(_MAX)
    assert control.begin(["a", "b", "c", "d"]) is None
    control.begin(["a", "b"])

    reply = _answer(control, {"method": "SUBSCRIBE", "params": ["b", "c", "d"], "id": 1})

    assert reply["msg"] == "Invalid request: more than 3 streams"
    assert list(control.streams) == ["a", "b"]


_REQUESTS = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["SUBSCRIBE", "UNSUBSCRIBE"]),
        "params": st.lists(st.sampled_from([*_STREAMS, "no stream"]), min_size=1, max_size=4),
        "id": st.integers(0, 9),
    }
)


@given(st.lists(_REQUESTS))
def test_keeps_the_set_that_was_asked_for(requests: list[dict[str, Any]]) -> None:
    control, model = _control(_MAX), list[str]()
    for request in requests:
        answer = control.answer(json.dumps(request))
        wanted = list(model)
        for name in request["params"]:
            if request["method"] == "SUBSCRIBE" and name not in wanted:
                wanted.append(name)
            if request["method"] == "UNSUBSCRIBE" and name in wanted:
                wanted.remove(name)
        is_refused = "no stream" in request["params"] or len(wanted) > _MAX
        assert ("error" in answer.reply) == is_refused
        if not is_refused:
            assert answer.joined == [name for name in wanted if name not in model]
            assert sorted(answer.left) == sorted(set(model) - set(wanted))
            model = wanted
        assert list(control.streams) == model


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
_ALMOST = st.fixed_dictionaries(
    {},
    optional={
        "method": st.sampled_from(["SUBSCRIBE", "SET_PROPERTY", "GET_PROPERTY"]) | _JSON,
        "params": st.lists(_JSON, max_size=3) | _JSON,
        "id": st.integers() | _JSON,
    },
)


@given(st.text() | _JSON.map(json.dumps) | _ALMOST.map(json.dumps))
def test_answers_whatever_comes(text: str) -> None:
    reply = _control().answer(text).reply

    assert "id" in reply
    assert ("result" in reply) != ("error" in reply)
    json.dumps(reply)
