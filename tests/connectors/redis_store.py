"""A Redis database as the tests see it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import redis

from connectors.event import Event, Place
from connectors.redis import RedisSettings, RedisSink
from schemas.instruments import load_instruments
from tests.chaos.exchange import INSTRUMENTS
from tests.connectors.redis.reference import Reference
from tests.connectors.redis.stored import client_of, dump_of
from tradeflow.stores.redis import EmbeddedRedis

_POSITIONS = "positions:redis"


class RedisStore:
    """Sinks into one server, and what is in it."""

    name = RedisSink.name
    topics = RedisSink.topics

    def __init__(
        self, server: EmbeddedRedis, *, url: str = "", instruments: Path = INSTRUMENTS
    ) -> None:
        """``url`` is the connector's, where it is not everybody's."""
        self.settings = RedisSettings(url=url or server.url)
        self._server = server
        self._instruments = instruments

    def sink(self) -> RedisSink:
        """A new one, not connected yet."""
        return RedisSink(self.settings, load_instruments(self._instruments))

    def environment(self) -> dict[str, str]:
        """See ``FedStore``."""
        return {
            "TRADEFLOW_REDIS_URL": self.settings.url,
            "TRADEFLOW_INSTRUMENTS": str(self._instruments),
        }

    def client(self) -> Any:
        """A client that may do everything and reads texts."""
        return client_of(self._server)

    def positions(self) -> dict[Place, int]:
        """See ``FedStore``."""
        found = {}
        try:
            with self.client() as client:
                for each, position in client.hgetall(_POSITIONS).items():
                    topic, _, partition = each.rpartition("/")
                    found[Place(topic, int(partition))] = int(position)
        except redis.RedisError:
            return {}
        return found

    def content(self) -> dict[str, list[Any]]:
        """All keys with their values; without positions."""
        keys = dump_of(self._server)
        keys.pop(_POSITIONS, None)
        return {key: [value] for key, value in keys.items()}

    def damage(self) -> None:
        """See ``FedStore``."""
        with self.client() as client:
            books = list(client.scan_iter("orderbook:*"))
            assert client.delete(*books, *client.scan_iter("price:*")) > 2

    def require_agreement(self, events: Sequence[Event]) -> None:
        """See ``FedStore``."""
        found = self.content()
        (form,) = found["candles:redis"]
        reference = Reference(load_instruments(self._instruments), form=form)
        reference.add(events)
        expected = reference.dump()
        expected.pop(_POSITIONS)
        assert found.keys() == expected.keys()
        for key, value in expected.items():
            assert found[key] == [value], key
