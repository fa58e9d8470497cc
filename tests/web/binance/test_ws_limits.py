"""Limits over the WebSocket API."""

import asyncio

from tests.web.binance.talk import ALICE, Talk, signed
from tests.web.gateway_parts import counting_limiter
from web.settings import GatewaySettings


def test_counts_weight_and_says_what_is_used() -> None:
    talk = Talk(limiter=counting_limiter())

    first = talk.ask("ping")
    talk.ask("whoami", **signed(ALICE))
    third = talk.ask("session.status")

    weight = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1}
    assert first["rateLimits"] == [{**weight, "limit": 6_000, "count": 1}]
    assert third["rateLimits"] == [{**weight, "limit": 6_000, "count": 4}]


def test_says_when_to_come_back_and_parts_with_who_is_banned() -> None:
    settings = GatewaySettings(limits="on", limit_weight="3/minute", ban_after=0)
    talk = Talk(limiter=counting_limiter(settings))
    for _ in range(3):
        talk.ask("ping")

    much = talk.ask("ping")
    assert (much["status"], much["error"]["code"]) == (429, -1003)
    assert much["rateLimits"][0]["limit"] == 3
    data = much["error"]["data"]
    assert 0 < data["retryAfter"] - data["serverTime"] <= 60_000
    assert talk.line.closed is None

    assert talk.ask("ping")["status"] == 418
    assert talk.line.closed is not None


def test_what_is_no_request_weighs_something_too() -> None:
    settings = GatewaySettings(limits="on", limit_weight="3/minute", ban_after=0)
    talk = Talk(limiter=counting_limiter(settings))

    def send(text: str) -> int:
        asyncio.run(talk.session.answer(text))
        return int(talk.line.sent[-1]["status"])

    assert [send("{"), send('{"id":[]}'), send("[]")] == [400, 400, 400]
    assert talk.line.sent[-1]["rateLimits"][0]["count"] == 3
    assert send("{") == 429
    assert talk.line.closed is None

    assert send("{") == 418
    assert talk.line.closed is not None
