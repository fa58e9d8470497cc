"""The OpenAPI document, and what its endpoints say to requests that nobody thought of.

TRADEFLOW_FUZZ_CASES is how many cases every endpoint is asked, half of them wrong ones.
"""

import os
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema_rs
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    status_code_conformance,
)

from tests.web.binance.signing_auth import SigningAuth
from tests.web.memory_keys import key_of
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.swept_market import MarketOrders, swept_market
from web.auth.security import Security
from web.binance.catalogue import ENDPOINTS
from web.binance.endpoint import Endpoint
from web.binance.openapi import PATH

CASES = int(os.environ.get("TRADEFLOW_FUZZ_CASES", "50"))
# A made-up header of such a name would belie the bytes behind it.
FRAMING = {"connection", "content-length", "expect", "transfer-encoding", "upgrade"}
CHECKS: list[Any] = [not_a_server_error, status_code_conformance, content_type_conformance]


@pytest.fixture(scope="module")
def trader(exchange: RunningExchange, gateway: RunningGateway) -> Iterator[MarketOrders]:
    """There is something to be told."""
    with swept_market(exchange, gateway, "BTCUSDT") as made:
        yield made


@pytest.fixture(scope="module")
def document(trader: MarketOrders, gateway: RunningGateway) -> Any:
    """As the gateway gives it out."""
    return httpx.get(f"{gateway.url}{PATH}").json()


@pytest.fixture(scope="module")
def schema(document: Any) -> Any:
    """The document as schemathesis reads it."""
    return schemathesis.openapi.from_dict(document)


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """One connection for all."""
    with requests.Session() as opened:
        yield opened


def test_has_every_endpoint_once(document: Any) -> None:
    described = [
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method in operations
    ]
    ids = [each["operationId"] for path in document["paths"].values() for each in path.values()]

    assert sorted(described) == sorted((each.method, each.path) for each in ENDPOINTS)
    assert len(set(ids)) == len(ids)


def test_says_of_each_parameter_what_may_be_sent(document: Any) -> None:
    parameters = document["paths"]["/api/v3/klines"]["get"]["parameters"]
    by_name = {each["name"]: each for each in parameters}

    assert by_name["symbol"]["required"] is True
    assert by_name["symbol"]["schema"]["enum"] == ["BNBBTC", "BTCUSDT", "ETHUSDT", "LTCUSDT"]
    assert by_name["limit"]["schema"]["default"] == 500
    assert "1M" in by_name["interval"]["schema"]["enum"]


def test_asks_for_a_key_and_a_signature_where_they_are_checked(document: Any) -> None:
    for endpoint in ENDPOINTS:
        operation = document["paths"][endpoint.path][endpoint.method.lower()]
        names = {each["name"] for each in operation["parameters"]}

        assert ("security" in operation) is (endpoint.security is not Security.NONE)
        assert ({"timestamp", "signature"} <= names) is endpoint.security.is_signed


class Shapes:
    """Of one operation's replies by their status."""

    def __init__(self, document: Any, endpoint: Endpoint) -> None:
        operation = document["paths"][endpoint.path][endpoint.method.lower()]
        done = operation["responses"]["200"]["content"]["application/json"]["schema"]
        refused = document["components"]["schemas"]["Error"]
        self._done = jsonschema_rs.Draft202012Validator(done)
        self._refused = jsonschema_rs.Draft202012Validator(refused)

    def require(self, response: Any) -> None:
        """Fail where a reply is not what the document says.

        schemathesis would do it, but cannot read «prefixItems» in replies.
        """
        (self._done if response.status_code == 200 else self._refused).validate(response.json())


def test_its_schemas_are_schemas_and_tell_shapes_apart(document: Any, trader: MarketOrders) -> None:
    by_path = {endpoint.path: endpoint for endpoint in ENDPOINTS}
    for endpoint in ENDPOINTS:
        Shapes(document, endpoint)
    rows = trader.get("/api/v3/klines", symbol="BTCUSDT", interval="1d")
    shape = document["paths"]["/api/v3/klines"]["get"]["responses"]["200"]["content"]
    validator = jsonschema_rs.Draft202012Validator(shape["application/json"]["schema"])

    assert by_path.keys() == document["paths"].keys()
    assert validator.is_valid(rows)
    for wrong in (
        rows[0],
        [rows[0][:11]],
        [[*rows[0], "0"]],
        [["0", *rows[0][1:]]],
        {"rows": rows},
    ):
        assert not validator.is_valid(wrong)


def _modes(endpoint: Endpoint) -> tuple[GenerationMode, ...]:
    # Where nothing can be said nothing can be said wrongly.
    return (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)[: 2 if endpoint.parameters else 1]


@pytest.mark.parametrize(
    ("endpoint", "mode", "cases"),
    [
        pytest.param(endpoint, mode, share, id=f"{endpoint.method} {endpoint.path} {mode.value}")
        for endpoint in ENDPOINTS
        for share in [CASES // len(_modes(endpoint))]
        for mode in _modes(endpoint)
    ],
)
def test_answers_as_the_document_says(
    endpoint: Endpoint,
    mode: GenerationMode,
    cases: int,
    schema: Any,
    document: Any,
    gateway: RunningGateway,
    session: requests.Session,
) -> None:
    operation: Any = schema[endpoint.path][endpoint.method]
    key = gateway.keys.add(key_of("ann"))
    shapes = Shapes(document, endpoint)
    auth = SigningAuth(key, is_signed=endpoint.security.is_signed)

    @settings(max_examples=cases, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        for name in FRAMING.intersection(each.lower() for each in case.headers or ()):
            del case.headers[name]
        response = case.call(base_url=gateway.url, session=session, auth=auth)
        case.validate_response(response, checks=CHECKS)
        shapes.require(response)

    ask()
