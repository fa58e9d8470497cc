"""Probes of what every gateway has: the broker, the feed of its log, what gateways share."""

import asyncio

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from schemas.topics import ORDERS_EXECUTIONS
from web.feed.reader import Feed
from web.health.probes import Condition, Probes
from web.settings import GatewaySettings

_BROKER_SECONDS = 0.9


def add_gateway_probes(probes: Probes, settings: GatewaySettings, feed: Feed) -> None:
    """Ask the broker, the feed, and Redis where gateways share one."""
    admin = AdminClient({**settings.client("tradeflow-gateway-health"), "log_level": 0})

    async def broker() -> Condition:
        return await asyncio.to_thread(_broker, admin)

    async def the_feed() -> Condition:
        lag = sum(feed.lags.values())
        return Condition(
            feed.is_alive and feed.is_ready,
            {"lag": lag, "unreadable": feed.unreadable, "silent_ms": feed.silent_ms},
        )

    probes.add("broker", broker)
    probes.add("feed", the_feed)
    if settings.redis_url:

        async def redis() -> Condition:
            async with Redis.from_url(settings.redis_url, retry=Retry(NoBackoff(), 0)) as client:
                return Condition(bool(await client.ping()))

        # Without it each gateway goes on by itself.
        probes.add("redis", redis, is_needed=False)


def _broker(admin: AdminClient) -> Condition:
    try:
        topic = admin.list_topics(ORDERS_EXECUTIONS.name, timeout=_BROKER_SECONDS)
    except KafkaException as error:
        return Condition(False, {"error": error.args[0].str()})
    return Condition(True, {"brokers": len(topic.brokers)})
