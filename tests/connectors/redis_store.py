"""A Redis database as the tests of the contract see it."""

from typing import Any

from connectors.redis import RedisSettings, RedisSink
from schemas.instruments import load_instruments
from tests.chaos.exchange import INSTRUMENTS
from tests.connectors.redis.stored import dump_of
from tradeflow.stores.redis import EmbeddedRedis


class RedisStore:
    """Sinks into one server, and what is in it."""

    def __init__(self, server: EmbeddedRedis) -> None:
        self.settings = RedisSettings(url=server.url)
        self._server = server

    def sink(self) -> RedisSink:
        """A new one, not connected yet."""
        return RedisSink(self.settings, load_instruments(INSTRUMENTS))

    def content(self) -> dict[str, list[Any]]:
        """All keys with their values; without positions."""
        keys = dump_of(self._server)
        keys.pop("positions:redis", None)
        return {key: [value] for key, value in keys.items()}
