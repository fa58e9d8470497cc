"""What a client may use, by a clock that is moved."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.web.limits.moved_clock import MovedClock
from web.auth.caller import Caller, Scope
from web.binance.errors import BinanceError
from web.limits.limiter import Limiter
from web.limits.opening import open_limiter
from web.limits.use import Use
from web.settings import GatewaySettings

HERE, THERE = "192.0.2.1", "192.0.2.2"


def caller(account: str = "alice", key: str = "key-1") -> Caller:
    return Caller(account_id=account, key=key, scopes=frozenset(Scope))


class Desk:
    """Asks one limiter for things."""

    def __init__(self, limiter: Limiter, clock: MovedClock) -> None:
        self.limiter, self.clock = limiter, clock

    async def ask(self, weight: int = 1, address: str = HERE, **more: Any) -> Use:
        asked = {"address": address, "caller": None, "weight": weight, **more}
        return await self.limiter.take(**asked)

    async def is_refused(self, weight: int = 1, address: str = HERE, **more: Any) -> BinanceError:
        with pytest.raises(BinanceError) as refused:
            await self.ask(weight, address, **more)
        await self.limiter.settle()
        return refused.value


def play(script: Callable[[Desk], Awaitable[None]], **settings: Any) -> None:
    """Run a script against a limiter of its own."""

    async def run() -> None:
        clock = MovedClock()
        async with open_limiter(GatewaySettings(**settings), clock=clock) as (limiter, _):
            await script(Desk(limiter, clock))

    asyncio.run(run())


def test_off_counts_and_refuses_nobody() -> None:
    async def script(desk: Desk) -> None:
        for used in range(1, 50):
            use = await desk.ask(10)
            assert use.headers() == [("X-MBX-USED-WEIGHT-1M", str(10 * used))]
        assert (await desk.ask(3, THERE)).weight == 3

        desk.clock.move(60)

        assert (await desk.ask(1)).weight == 1

    play(script, limits="off", limit_weight="20/minute")


def test_refuses_what_is_too_much_until_the_minute_is_over() -> None:
    async def script(desk: Desk) -> None:
        desk.clock.move(20)
        assert (await desk.ask(60)).weight == 60
        assert (await desk.ask(40)).weight == 100

        refused = await desk.is_refused(1)

        assert (refused.status, refused.code) == (429, -1003)
        assert refused.message.startswith(
            "Too much request weight used; current limit is 100 request weight per MINUTE."
        )
        assert dict(refused.headers) == {"Retry-After": "40", "X-MBX-USED-WEIGHT-1M": "101"}
        desk.clock.move(39.999)
        await desk.is_refused(1)
        assert (await desk.ask(100, THERE)).weight == 100

        desk.clock.move(0.001)

        assert (await desk.ask(100)).weight == 100

    play(script, limits="on", limit_weight="100/minute")


def test_a_key_has_its_limit_wherever_it_is_used() -> None:
    async def script(desk: Desk) -> None:
        await desk.ask(60, HERE, caller=caller())
        await desk.is_refused(60, THERE, caller=caller())
        await desk.ask(30, THERE, caller=caller(key="key-2"))

    play(script, limits="on", limit_weight="100/minute")


def test_counts_requests_whatever_they_weigh() -> None:
    async def script(desk: Desk) -> None:
        for _ in range(5):
            await desk.ask(1)
        refused = await desk.is_refused(1)
        assert refused.message.startswith(
            "Too many requests; current limit is 5 requests per 5 MINUTE."
        )
        assert ("Retry-After", "300") in refused.headers

    play(script, limits="on", limit_requests="5/5 minutes")


def test_counts_the_orders_of_an_account() -> None:
    async def script(desk: Desk) -> None:
        first = await desk.ask(1, orders=1, caller=caller(), is_free_when_done=True)
        assert first.headers() == [
            ("X-MBX-USED-WEIGHT-1M", "0"),
            ("X-MBX-ORDER-COUNT-10S", "1"),
            ("X-MBX-ORDER-COUNT-1D", "1"),
        ]
        await desk.ask(1, THERE, orders=1, caller=caller(key="key-2"), is_free_when_done=True)

        refused = await desk.is_refused(1, orders=1, caller=caller(), is_free_when_done=True)

        assert (refused.status, refused.code) == (429, -1015)
        assert refused.message == "Too many new orders; current limit is 2 orders per 10 SECOND."
        assert dict(refused.headers) == {"Retry-After": "10", "X-MBX-USED-WEIGHT-1M": "1"}
        await desk.ask(1, orders=1, caller=caller("bob", "key-3"), is_free_when_done=True)

        desk.clock.move(10)

        # What was refused was not placed.
        await desk.ask(1, orders=1, caller=caller(), is_free_when_done=True)
        shown = await desk.limiter.orders_of("alice")
        assert [(each["interval"], each["count"]) for each in shown] == [("SECOND", 1), ("DAY", 3)]

    play(script, limits="on", limit_orders="2/10 seconds; 100/day")


@pytest.mark.parametrize("mode", ["off", "on"])
def test_an_order_weighs_only_if_it_fails(mode: str) -> None:
    async def script(desk: Desk) -> None:
        asked = {"orders": 2, "caller": caller(), "is_free_when_done": True}
        assert (await desk.ask(3, **asked)).weight == 0

        failed = await desk.ask(3, **asked)
        failed.failed()
        await desk.limiter.settle()

        assert failed.headers() == [("X-MBX-USED-WEIGHT-1M", "3")]
        again = await desk.ask(3, **asked)
        assert again.headers()[:2] == [
            ("X-MBX-USED-WEIGHT-1M", "3"),
            ("X-MBX-ORDER-COUNT-10S", "4"),
        ]

        again.failed(is_unknown=True)
        await desk.limiter.settle()

        assert (await desk.ask(1)).weight == 7
        shown = await desk.limiter.orders_of("alice")
        assert [each["count"] for each in shown] == [4, 4]

    play(script, limits=mode)


def test_who_goes_on_is_banned_for_longer_each_time() -> None:
    async def script(desk: Desk) -> None:
        for minutes in (2, 4, 5, 5):
            await desk.ask(100)
            for _ in range(4):
                assert (await desk.is_refused(1)).status == 429
            banned = await desk.is_refused(1)
            until_ms = desk.clock.now_ms + minutes * 60_000
            assert (banned.status, banned.code) == (418, -1003)
            assert banned.message.startswith(
                f"Way too much request weight used; IP banned until {until_ms}."
            )
            assert ("Retry-After", str(minutes * 60)) in banned.headers
            with pytest.raises(BinanceError, match="banned"):
                desk.limiter.require_welcome(HERE)
            desk.limiter.require_welcome(THERE)
            await desk.ask(1, THERE)

            desk.clock.move(minutes * 60 - 0.001)
            assert (await desk.is_refused(1)).status == 418
            desk.clock.move(0.001)
            desk.limiter.require_welcome(HERE)

        desk.clock.move(86_400)
        await desk.ask(100)
        for _ in range(4):
            await desk.is_refused(1)
        assert ("Retry-After", "120") in (await desk.is_refused(1)).headers

    play(script, limits="on", limit_weight="100/minute", ban_after=3, ban_seconds_max=300)


def test_too_many_orders_ban_nobody() -> None:
    async def script(desk: Desk) -> None:
        asked = {"orders": 1, "caller": caller(), "is_free_when_done": True}
        await desk.ask(1, **asked)
        for _ in range(20):
            assert (await desk.is_refused(1, **asked)).code == -1015

    play(script, limits="on", limit_orders="1/10 seconds", ban_after=3)


def test_strict_gives_each_consumer_a_hundred_requests_a_minute() -> None:
    async def script(desk: Desk) -> None:
        for number in range(100):
            # Whatever the address and the key: the account is the consumer.
            await desk.ask(1, HERE if number % 2 else THERE, caller=caller(key=f"key-{number % 3}"))
        refused = await desk.is_refused(1, caller=caller())
        assert (refused.status, refused.code) == (429, -1003)
        assert refused.message.startswith("Too many requests; current limit is 100 requests")
        for _ in range(100):
            await desk.ask(1)
        await desk.is_refused(1)
        await desk.ask(1, caller=caller("bob"))

        desk.clock.move(60)

        await desk.ask(1, caller=caller())

    play(script, limits="strict")


def test_tells_what_an_address_used_without_counting() -> None:
    async def script(desk: Desk) -> None:
        assert desk.limiter.headers(HERE) == [("X-MBX-USED-WEIGHT-1M", "0")]
        await desk.ask(7)
        assert desk.limiter.headers(HERE) == [("X-MBX-USED-WEIGHT-1M", "7")]
        assert (await desk.ask(1)).weight == 8

    play(script, limits="on")


def test_lists_its_limits_for_exchange_info() -> None:
    async def script(desk: Desk) -> None:
        assert [
            (each["rateLimitType"], each["intervalNum"], each["interval"], each["limit"])
            for each in desk.limiter.rules.as_json()
        ] == [
            ("REQUEST_WEIGHT", 1, "MINUTE", 6_000),
            ("ORDERS", 10, "SECOND", 100),
            ("ORDERS", 1, "DAY", 200_000),
            ("RAW_REQUESTS", 5, "MINUTE", 300_000),
        ]

    play(script)
