"""What every answer has, over a real server: ids, headers, limits of size, and no trace of bugs."""

import asyncio
import json
import socket
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.web.running_exchange import RunningExchange, RunningGateway
from web.binance import general
from web.binance.endpoint import Endpoint

pytestmark = pytest.mark.shares_exchange


@pytest.fixture(scope="module")
def closed(exchange: RunningExchange) -> Iterator[RunningGateway]:
    """A gateway that pages of one other origin may use."""
    running = RunningGateway(exchange, cors_origins="https://desk.example")
    try:
        yield running.start()
    finally:
        running.close()


def test_every_answer_has_the_headers_of_a_careful_server(gateway: RunningGateway) -> None:
    for path in ("/api/v3/ping", "/nothing", "/health", "/api/v3/ping?color=red"):
        headers = httpx.get(f"{gateway.url}{path}").headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "Strict-Transport-Security" not in headers
        assert "Server" not in headers


def test_an_id_leads_back_to_the_request(gateway: RunningGateway) -> None:
    def ask(**headers: str) -> str:
        answer = httpx.get(f"{gateway.url}/api/v3/ping", headers=headers)
        return answer.headers["X-Correlation-Id"]

    assert ask(**{"X-Correlation-Id": "my-7.a_B"}) == "my-7.a_B"
    made = {ask(), ask(), ask(**{"X-Correlation-Id": "not one!"})}
    assert len(made) == 3
    assert all(len(each) == 32 for each in made)


def test_what_is_not_there_is_said_in_json(gateway: RunningGateway) -> None:
    nothing = httpx.get(f"{gateway.url}/api/v3/nothing")
    wrong_method = httpx.delete(f"{gateway.url}/api/v3/ping")

    assert (nothing.status_code, nothing.json()["code"]) == (404, -1020)
    assert (wrong_method.status_code, wrong_method.json()["code"]) == (405, -1020)
    assert nothing.headers["X-MBX-USED-WEIGHT-1M"]


def test_a_bug_is_an_answer_and_a_log_line(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_call: object) -> None:
        raise ZeroDivisionError("a bug")

    endpoint: Endpoint = general.ENDPOINTS[0]
    # Frozen, for good reasons; the running gateway holds this very object.
    handle = endpoint.handle
    object.__setattr__(endpoint, "handle", broken)
    try:
        answer = httpx.get(f"{gateway.url}{endpoint.path}")
    finally:
        object.__setattr__(endpoint, "handle", handle)

    assert (answer.status_code, answer.json()["code"]) == (500, -1000)
    assert "ZeroDivisionError" not in answer.text
    assert answer.headers["X-Correlation-Id"]
    assert any("could not be answered" in record.message for record in caplog.records)


def test_pages_of_all_origins_may_read_by_default(gateway: RunningGateway) -> None:
    answer = httpx.get(f"{gateway.url}/api/v3/ping", headers={"Origin": "http://localhost:5173"})

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    exposed = answer.headers["Access-Control-Expose-Headers"]
    for name in ("X-MBX-USED-WEIGHT-1M", "X-MBX-ORDER-COUNT-10S", "Retry-After"):
        assert name in exposed


def test_pages_of_other_origins_are_told_nothing(closed: RunningGateway) -> None:
    def ask(origin: str) -> httpx.Response:
        return httpx.options(
            f"{closed.url}/api/v3/order",
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "x-mbx-apikey",
            },
        )

    welcome, stranger = ask("https://desk.example"), ask("https://else.example")

    assert welcome.status_code == 200
    assert welcome.headers["Access-Control-Allow-Origin"] == "https://desk.example"
    assert stranger.status_code == 400
    assert "Access-Control-Allow-Origin" not in stranger.headers


def test_a_body_has_an_end(gateway: RunningGateway) -> None:
    url = f"{gateway.url}/api/v3/order"
    told = httpx.request("POST", url, content=b"a" * 70_000)
    untold = httpx.request("POST", url, content=(b"a" * 1_000 for _ in range(70)))

    for answer in (told, untold):
        assert (answer.status_code, answer.json()["code"]) == (413, -1105)


@pytest.mark.parametrize(
    "head",
    [
        b"GET /api/v3/ping?" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/v3/ping HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 40_000 + b"\r\n\r\n",
        b"GET /api/v3/ping HTTP/1.1\r\nHost: x\r\n" + b"A: aaaaaaaaaa\r\n" * 4_000 + b"\r\n",
        # Neither the header nor the address ends.
        b"GET /api/v3/ping HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 40_000,
        b"GET /api/v3/ping?" + b"a" * 40_000,
    ],
)
def test_a_head_has_an_end(gateway: RunningGateway, head: bytes) -> None:
    with socket.create_connection(_address(gateway), timeout=10) as client:
        for first in range(0, len(head), 10_000):
            client.sendall(head[first : first + 10_000])
        answer = client.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == -1105
    assert httpx.get(f"{gateway.url}/api/v3/ping").status_code == 200


@pytest.mark.parametrize(
    "head",
    [
        b"hello\r\n\r\n",
        b"GET /api/v3/ping HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        b"GET /api/v3/ping HTTP/1.1\r\nHost: x\r\nA: \x01\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_as_everything_is(gateway: RunningGateway, head: bytes) -> None:
    with socket.create_connection(_address(gateway), timeout=10) as client:
        client.sendall(head)
        said, _, body = client.makefile("rb").read().partition(b"\r\n\r\n")

    assert said.startswith(b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json")
    assert json.loads(body) == {"code": -1100, "msg": "This is no valid HTTP request."}


def test_garbage_behind_a_request_does_not_deny_it(gateway: RunningGateway) -> None:
    with socket.create_connection(_address(gateway), timeout=10) as client:
        client.sendall(b"GET /api/v3/ping HTTP/1.1\r\nHost: x\r\n\r\nand more\r\n\r\n")
        # To the end: the connection is closed behind the answer.
        answer = client.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.count(b"HTTP/1.1") == 1


def test_a_long_head_is_let_through_again_and_again(gateway: RunningGateway) -> None:
    with httpx.Client() as client:
        for _ in range(5):
            answer = client.get(
                f"{gateway.url}/api/v3/ping", headers={f"A{n}": "a" * 2_000 for n in range(14)}
            )
            assert answer.status_code == 200


def test_counts_requests_by_endpoint_and_status(gateway: RunningGateway) -> None:
    def counts() -> dict[tuple[str, ...], float]:
        text = httpx.get(f"{gateway.url}/metrics").text
        return {
            (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    before = counts()
    for path in ("/api/v3/ping", "/api/v3/ping", "/api/v3/ping?color=red", "/nothing/at/all"):
        httpx.get(f"{gateway.url}{path}")
    after = counts()

    def risen(*name: str) -> float:
        return after[name] - before.get(name, 0)

    requests = "tradeflow_gateway_requests_total"
    assert risen(requests, "/api/v3/ping", "GET", "200") == 2
    assert risen(requests, "/api/v3/ping", "GET", "400") == 1
    assert risen(requests, "other", "GET", "404") == 1
    assert risen("tradeflow_gateway_request_seconds_count", "/api/v3/ping", "GET") == 3
    assert not any("/nothing" in part for name in after for part in name)
    assert after[("process_resident_memory_bytes",)] > 0


def test_no_answer_is_lost_among_many_at_once(gateway: RunningGateway) -> None:
    async def play() -> set[str]:
        async with httpx.AsyncClient() as client:
            answers = await asyncio.gather(
                *(
                    client.get(f"{gateway.url}/api/v3/time", headers={"X-Correlation-Id": f"n{n}"})
                    for n in range(100)
                )
            )
            assert all(json.loads(answer.text)["serverTime"] for answer in answers)
            return {answer.headers["X-Correlation-Id"] for answer in answers}

    assert asyncio.run(play()) == {f"n{n}" for n in range(100)}


def _address(gateway: RunningGateway) -> tuple[str, int]:
    host, _, port = gateway.address.partition(":")
    return host, int(port)
