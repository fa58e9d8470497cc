"""A sink to test, and all that is in its server."""

from typing import Any

import redis

from connectors.redis import RedisSettings, RedisSink
from schemas.instruments import Instrument
from tradeflow.stores.redis import EmbeddedRedis


def sink_for(
    server: EmbeddedRedis, instruments: dict[str, Instrument], **settings: Any
) -> RedisSink:
    """A sink that is connected to the server."""
    sink = RedisSink(RedisSettings(url=server.url, **settings), instruments)
    sink.connect()
    return sink


def client_of(server: EmbeddedRedis) -> Any:
    """A client that reads texts."""
    return redis.Redis.from_url(server.url, decode_responses=True)


def dump_of(server: EmbeddedRedis) -> dict[str, Any]:
    """All keys with their values."""
    with client_of(server) as client:
        return {key: _value(client, key) for key in client.scan_iter(count=1_000)}


def _value(client: Any, key: str) -> Any:
    kind = client.type(key)
    if kind == "string":
        return client.get(key)
    if kind == "hash":
        return client.hgetall(key)
    if kind == "set":
        return client.smembers(key)
    if kind == "zset":
        return dict(client.zrange(key, 0, -1, withscores=True))
    assert kind == "TSDB-TYPE", kind
    return [(at, float(value)) for at, value in client.execute_command("TS.RANGE", key, "-", "+")]
