"""The Redis that gateways share, where there is one."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from web.errors import ConfigError


def redis_client(url: str, *, timeout_seconds: float) -> Redis:
    """A client that sends each command once; nothing is asked of the server yet.

    Raises:
        ConfigError: the URL is none.
    """
    try:
        return Redis.from_url(
            url,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            # What was done although its answer was lost must not be done again: a script would
            # count twice, a signature would be known by our own first question.
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError as error:
        # Not shown: it may have a password in it.
        raise ConfigError(
            "TRADEFLOW_GATEWAY_REDIS_URL is no URL of a Redis",
            action="set it to redis://host:port/database, or unset it",
        ) from error
