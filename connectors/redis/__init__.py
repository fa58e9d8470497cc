"""The Redis sink: prices, tickers, books, candles and finished sagas, for whoever must be fast."""

from connectors.redis.cache import MarketCache
from connectors.redis.settings import RedisSettings
from connectors.redis.sink import RedisSink

__all__ = ["MarketCache", "RedisSettings", "RedisSink"]
