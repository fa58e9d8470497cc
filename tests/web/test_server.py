"""The gateway as a server: it reads the log, answers, and stops."""

import httpx
import pytest

from tests.web.running_exchange import RunningGateway

pytestmark = pytest.mark.shares_exchange


def test_answers_a_ping(gateway: RunningGateway) -> None:
    answer = httpx.get(f"{gateway.url}/api/v3/ping")

    assert (answer.status_code, answer.json()) == (200, {})


def test_refuses_what_nobody_asked_for(gateway: RunningGateway) -> None:
    answer = httpx.get(f"{gateway.url}/api/v3/ping?color=red")

    assert answer.status_code == 400
    assert answer.json()["code"] == -1104
