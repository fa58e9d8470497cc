"""Requests of the WebSocket API: what is read of a frame."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.auth.signing import sign
from web.binance.ws_request import BadRequestError, read_request

SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
EXAMPLE = {
    "symbol": "BTCUSDT",
    "side": "SELL",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01000000",
    "price": "52000.00",
    "recvWindow": 100,
    "timestamp": 1645423376532,
    "apiKey": "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
}


@pytest.mark.parametrize(
    ("changes", "signature"),
    [
        ({}, "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24"),
        (
            {
                "symbol": "１２３４５６",
                "side": "BUY",
                "quantity": "1.00000000",
                "price": "0.10000000",
                "recvWindow": 5000,
            },
            "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd",
        ),
    ],
    ids=["ascii", "other characters"],
)
def test_signs_the_sorted_parameters_as_binances_example(
    changes: dict[str, Any], signature: str
) -> None:
    params = {**EXAMPLE, **changes, "signature": "left out"}

    request = read_request(json.dumps({"id": 1, "method": "order.place", "params": params}))

    assert sign(SECRET, request.payload) == signature


def test_takes_numbers_by_their_digits() -> None:
    text = '{"id":1,"method":"m","params":{"a":1.10,"b":1e-7,"c":18446744073709551616,"d":-0}}'

    request = read_request(text)

    assert request.given == [
        ("a", "1.10"),
        ("b", "1e-7"),
        ("c", "18446744073709551616"),
        ("d", "-0"),
    ]
    assert request.payload == b"a=1.10&b=1e-7&c=18446744073709551616&d=-0"


def test_makes_texts_of_values_as_rest_has_them() -> None:
    params = {
        "a": True,
        "b": False,
        "c": None,
        "d": ["BTCUSDT", 'ETH"é'],
        "e": [1.50, None, {"x": [True]}],
    }

    request = read_request(json.dumps({"method": "m", "params": params}))

    assert dict(request.given) == {
        "a": "true",
        "b": "false",
        "c": "",
        "d": '["BTCUSDT","ETH\\"é"]',
        "e": '[1.5,null,{"x":[true]}]',
    }


def test_leaves_the_limits_flag_out_but_signs_it() -> None:
    request = read_request('{"id":"a","method":"v3/ping","params":{"returnRateLimits":false}}')

    assert (request.id, request.method, request.return_rate_limits) == ("a", "ping", False)
    assert request.given == []
    assert request.payload == b"returnRateLimits=false"


def test_keeps_parameters_that_are_there_twice() -> None:
    request = read_request('{"method":"m","params":{"a":"1","a":"2"}}')

    assert request.given == [("a", "1"), ("a", "2")]


@pytest.mark.parametrize(
    ("text", "request_id", "message"),
    [
        ("", None, "Invalid JSON Request"),
        ("{", None, "Invalid JSON Request"),
        ("[]", None, "Invalid JSON Request"),
        ("1", None, "Invalid JSON Request"),
        ('{"id":NaN,"method":"m"}', None, "Invalid JSON Request"),
        ("[" * 60_000, None, "Invalid JSON Request"),
        ('{"method":"m","params":{"a":"\\ud800"}}', None, "Invalid JSON Request"),
        ('{"id":5,"method":"m","params":{"signature":"\\ud800"}}', 5, "Invalid JSON Request"),
        ('{"id":1}', 1, "Missing required 'method' in JSON request."),
        ('{"id":1,"method":5}', 1, "Invalid 'method' in JSON request; expected a string."),
        ('{"id":1,"method":null}', 1, "Invalid 'method' in JSON request; expected a string."),
        (
            '{"id":1,"method":"m","params":[]}',
            1,
            "Invalid 'params' in JSON request; expected an object.",
        ),
        (
            '{"id":1,"method":"m","params":null}',
            1,
            "Invalid 'params' in JSON request; expected an object.",
        ),
        (
            '{"id":1,"method":"m","params":{"returnRateLimits":1}}',
            1,
            "Data sent for parameter 'returnRateLimits' is not valid.",
        ),
    ],
)
def test_refuses_what_is_no_request(text: str, request_id: int | None, message: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        read_request(text)

    assert caught.value.id == request_id
    assert caught.value.refused.message == message


@pytest.mark.parametrize(
    "value", ['"a b"', '""', f'"{"a" * 37}"', "1.5", "1e3", "true", "{}", f"{2**63}"]
)
def test_refuses_other_ids(value: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        read_request(f'{{"id":{value},"method":"ping"}}')

    assert caught.value.id is None
    assert caught.value.refused.as_json() == {
        "code": -1135,
        "msg": "Invalid 'id' in JSON request; expected an integer, "
        "a string matching '^[a-zA-Z0-9-_]{1,36}$', or null.",
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(
    st.text()
    | JSON.map(json.dumps)
    | st.fixed_dictionaries({}, optional={"id": JSON, "method": JSON, "params": JSON}).map(
        json.dumps
    )
)
def test_reads_or_refuses_whatever_comes(text: str) -> None:
    try:
        request = read_request(text)
    except BadRequestError as bad:
        assert bad.refused.code in (-1135, -1130)
    else:
        assert json.loads(text).get("id") == request.id
        for _, value in request.given:
            value.encode()


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans(), max_size=8))
def test_signs_what_a_client_signs(params: dict[str, Any]) -> None:
    """The twin is ccxt's and python-binance's way of doing it."""
    params.pop("returnRateLimits", None)
    texts = {n: str(v).lower() if isinstance(v, bool) else str(v) for n, v in params.items()}
    told = "&".join(f"{n}={texts[n]}" for n in sorted(texts) if n != "signature")

    request = read_request(json.dumps({"id": 1, "method": "m", "params": params}))

    assert request.payload == told.encode()
    assert dict(request.given) == texts
