"""The limiter that the settings ask for."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from web.clock import now_ms
from web.limits.ban import Bans
from web.limits.counting import Counters, LocalCounters
from web.limits.limiter import Limiter
from web.limits.rule import read_rule, read_rules
from web.limits.rules import Rules
from web.limits.shared import SharedCounters
from web.settings import GatewaySettings


def rules_of(settings: GatewaySettings) -> Rules:
    """All limits of the settings."""
    return Rules(
        weight=read_rule("REQUEST_WEIGHT", settings.limit_weight),
        requests=read_rule("RAW_REQUESTS", settings.limit_requests),
        orders=read_rules("ORDERS", settings.limit_orders),
        consumer=read_rule("RAW_REQUESTS", settings.limit_consumer),
    )


def make_limiter(
    settings: GatewaySettings,
    counters: Counters | None = None,
    *,
    clock: Callable[[], int] = now_ms,
    on_refusal: Callable[[str], None] = lambda limit: None,
) -> Limiter:
    """A limiter of the settings that counts in ``counters``, or for this process alone."""
    counters = counters or LocalCounters(clock)
    bans = Bans(
        counters,
        clock,
        after=settings.ban_after,
        first_ms=int(settings.ban_seconds * 1_000),
        longest_ms=int(settings.ban_seconds_max * 1_000),
    )
    return Limiter(
        rules_of(settings), settings.limits, counters, bans, clock=clock, on_refusal=on_refusal
    )


@asynccontextmanager
async def open_limiter(
    settings: GatewaySettings,
    *,
    clock: Callable[[], int] = now_ms,
    on_refusal: Callable[[str], None] = lambda limit: None,
    on_round_trip: Callable[[float], None] = lambda seconds: None,
    on_fall_back: Callable[[], None] = lambda: None,
) -> AsyncIterator[tuple[Limiter, SharedCounters | None]]:
    """The limiter, and what it shares with other gateways; nobody waits for a Redis that is away.

    Raises:
        ConfigError: the URL is none.
    """
    shared = None
    if settings.redis_url and settings.limits != "off":
        shared = SharedCounters(
            settings.redis_url,
            timeout_seconds=settings.redis_timeout_ms / 1_000,
            clock=clock,
            on_round_trip=on_round_trip,
            on_fall_back=on_fall_back,
        )
    limiter = make_limiter(settings, shared, clock=clock, on_refusal=on_refusal)
    try:
        if shared is not None:
            await shared.open()
        yield limiter, shared
    finally:
        await limiter.settle()
        if shared is not None:
            await shared.close()
