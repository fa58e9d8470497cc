"""The gateway as a server: it reads the log, answers, and stops."""

import contextlib
import socket

import httpx
import pytest

from tests.web.running_exchange import RunningGateway
from web.server import listen

pytestmark = pytest.mark.shares_exchange


def test_answers_a_ping(gateway: RunningGateway) -> None:
    answer = httpx.get(f"{gateway.url}/api/v3/ping")

    assert (answer.status_code, answer.json()) == (200, {})


def test_refuses_what_nobody_asked_for(gateway: RunningGateway) -> None:
    answer = httpx.get(f"{gateway.url}/api/v3/ping?color=red")

    assert answer.status_code == 400
    assert answer.json()["code"] == -1104


def test_no_answer_waits_for_an_acknowledgement_of_its_head() -> None:
    with (
        contextlib.closing(listen("127.0.0.1", 0)) as listening,
        socket.create_connection(listening.getsockname()),
        contextlib.closing(listening.accept()[0]) as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
