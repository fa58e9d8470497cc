"""Cache-aside: the sink's keys first, then a copy, then the loader."""

from collections.abc import Iterator, Mapping

import pytest
import redis

from bench.connect_redis import in_batches
from connectors.event import Event
from connectors.redis import MarketCache, RedisSink
from connectors.redis.market_reader import Book
from schemas.instruments import Instrument
from tests.connectors.redis.reference import Reference
from tests.connectors.redis.stored import client_of, sink_for
from tradeflow.stores.redis import EmbeddedRedis, EmbeddedRedisSettings

_BOOK = Book(7, (("1.00", "2.00"), ("0.90", "3.00")), (("1.10", "4.00"),))


class _Loader:
    """Knows BTCUSDT, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def price(self, symbol: str) -> str | None:
        self.asked += 1
        return "0.01" if symbol == "BTCUSDT" else None

    def ticker(self, symbol: str) -> Mapping[str, str] | None:
        self.asked += 1
        return {"lastPrice": "0.01"} if symbol == "BTCUSDT" else None

    def book(self, symbol: str) -> Book | None:
        self.asked += 1
        return _BOOK if symbol == "BTCUSDT" else None


@pytest.fixture
def sink(plain_server: EmbeddedRedis, instruments: dict[str, Instrument]) -> Iterator[RedisSink]:
    with client_of(plain_server) as client:
        client.flushall()
    sink = sink_for(plain_server, instruments)
    yield sink
    sink.close()


@pytest.fixture(params=[True, False], ids=["texts", "bytes"])
def client(request: pytest.FixtureRequest, plain_server: EmbeddedRedis) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(plain_server.url, decode_responses=request.param) as client:
        yield client


def _all(cache: MarketCache, symbol: str) -> tuple[object, object, object]:
    return cache.price(symbol), cache.ticker(symbol), cache.book(symbol)


def test_the_loader_is_asked_once_for_a_while(sink: RedisSink, client: redis.Redis) -> None:
    loader = _Loader()
    cache = MarketCache(client, loader)

    for _ in range(3):
        assert _all(cache, "BTCUSDT") == ("0.01", {"lastPrice": "0.01"}, _BOOK)

    assert loader.asked == 3
    assert 0 < client.pttl("cache:price:BTCUSDT") <= 5_000
    assert 0 < client.pttl("cache:orderbook:BTCUSDT") <= 5_000


def test_what_nobody_knows_is_not_kept(sink: RedisSink, client: redis.Redis) -> None:
    loader = _Loader()
    cache = MarketCache(client, loader)

    assert _all(cache, "NOSUCH") == (None, None, None)
    assert _all(cache, "NOSUCH") == (None, None, None)

    assert loader.asked == 6
    assert client.keys("cache:*") == []


def test_what_the_sink_writes_wins_at_once_and_removes_the_copy(
    sink: RedisSink,
    client: redis.Redis,
    instruments: dict[str, Instrument],
    events: list[Event],
) -> None:
    loader = _Loader()
    cache = MarketCache(client, loader)
    assert _all(cache, "BTCUSDT") == ("0.01", {"lastPrice": "0.01"}, _BOOK)
    reference = Reference(instruments, form="sorted sets")
    for batch in in_batches(events, 3_000):
        sink.write(batch)
        reference.add(batch.events)

    price, ticker, book = _all(cache, "BTCUSDT")

    assert loader.asked == 3
    assert client.keys("cache:*") == []
    assert price == reference.prices["BTCUSDT"]
    assert ticker == reference.tickers["BTCUSDT"]
    assert isinstance(book, Book)
    assert list(book.bids) == reference.levels("BTCUSDT", "bids")[:1_000]


def test_a_loader_that_is_late_does_not_stand_over_the_sink(
    sink: RedisSink, client: redis.Redis, events: list[Event]
) -> None:
    batches = list(in_batches(events, len(events)))

    class Late(_Loader):
        def price(self, symbol: str) -> str | None:
            # The sink writes while this one still looks.
            sink.write(batches[0])
            return super().price(symbol)

    cache = MarketCache(client, Late())
    assert cache.price("BTCUSDT") == "0.01"

    assert cache.price("BTCUSDT") not in (None, "0.01")


def test_a_book_that_is_not_whole_is_the_loaders(sink: RedisSink, client: redis.Redis) -> None:
    client.hset("orderbook:BTCUSDT:state", mapping={"update_id": 9, "time_ms": 1, "needs": 4})
    cache = MarketCache(client, _Loader())

    assert cache.book("BTCUSDT") == _BOOK
    client.hset("orderbook:BTCUSDT:state", "needs", 0)
    assert cache.book("BTCUSDT") == Book(9, (), ())


def test_copies_can_be_forgotten(sink: RedisSink, client: redis.Redis) -> None:
    loader = _Loader()
    cache = MarketCache(client, loader, key_prefix="tf:")
    cache.price("BTCUSDT")
    assert client.exists("tf:cache:price:BTCUSDT") == 1

    cache.invalidate("BTCUSDT")
    cache.price("BTCUSDT")

    assert loader.asked == 2


def test_without_redis_there_is_the_loader(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("gone")
    server = EmbeddedRedis(EmbeddedRedisSettings(port=0, data_dir=folder, time_series=False))
    server.start()
    loader = _Loader()
    with client_of(server) as client:
        cache = MarketCache(client, loader)
        server.kill()
        assert _all(cache, "BTCUSDT") == ("0.01", {"lastPrice": "0.01"}, _BOOK)
    assert loader.asked == 3
