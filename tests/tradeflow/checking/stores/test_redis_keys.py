"""Redis beside the log: what is right passes, and whatever is planted is found and named."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5

import pytest

from connectors.redis import RedisSink
from tests.connectors.redis.stored import client_of
from tests.connectors.redis_store import RedisStore
from tests.fixtures.exchange_topics import ExchangeTopics
from tests.tradeflow.checking.stores.filled_stores import (
    fed,
    feed,
    first_share,
    instruments,
    look,
    told,
)
from tradeflow.checking.stores.redis.check import TOPICS
from tradeflow.checking.stores.redis.view import RedisView
from tradeflow.stores.redis import EmbeddedRedis

Client = Any

SYMBOL = "AAAUSD"


class Plant(NamedTuple):
    """A change of the store, and what the check must say of it."""

    change: Callable[[Client], Any]
    says: str


def _book_level(client: Client) -> str:
    return str(client.zrange(f"orderbook:{SYMBOL}:bids", 0, 0)[0])


def _never_traded(client: Client) -> str:
    return next(symbol for symbol in instruments() if not client.exists(f"price:{symbol}"))


PLANTS = {
    "another price": Plant(
        lambda client: client.set(f"price:{SYMBOL}", "1.00000000"),
        f'redis prices price:{SYMBOL}: value is "1.00000000", the log gives "',
    ),
    "no price": Plant(
        lambda client: client.delete(f"price:{SYMBOL}"),
        f"redis prices price:{SYMBOL}: is missing; the log gives ",
    ),
    "another field of a ticker": Plant(
        lambda client: client.hset(f"ticker:{SYMBOL}", "highPrice", "9.00000000"),
        f"redis tickers ticker:{SYMBOL} highPrice: value is ",
    ),
    "no best bid": Plant(
        lambda client: client.hdel(f"ticker:{SYMBOL}", "bidPrice"),
        f"redis tickers ticker:{SYMBOL} bidPrice: is missing",
    ),
    "a field too many": Plant(
        lambda client: client.hset(f"ticker:{SYMBOL}", "mood", "good"),
        f"redis tickers ticker:{SYMBOL} mood: the log gives no such row",
    ),
    "another quantity": Plant(
        lambda client: client.hset(f"orderbook:{SYMBOL}", _book_level(client), "0.00000001"),
        f"redis books orderbook:{SYMBOL} ",
    ),
    "a level that is gone": Plant(
        lambda client: client.hdel(f"orderbook:{SYMBOL}", _book_level(client)),
        f"redis books orderbook:{SYMBOL} ",
    ),
    "a level too many": Plant(
        lambda client: client.hset(f"orderbook:{SYMBOL}", "77777.00000000", "1.00000000"),
        f"redis books orderbook:{SYMBOL} 77777.00000000: the log gives no such row",
    ),
    "a level without its rank": Plant(
        lambda client: client.zremrangebyrank(f"orderbook:{SYMBOL}:asks", 0, 0),
        f"redis books orderbook:{SYMBOL}:asks ",
    ),
    "another rank": Plant(
        lambda client: client.zincrby(f"orderbook:{SYMBOL}:bids", 1, _book_level(client)),
        f"redis books orderbook:{SYMBOL}:bids ",
    ),
    "another update": Plant(
        lambda client: client.hincrby(f"orderbook:{SYMBOL}:state", "update_id", -1),
        f"redis books orderbook:{SYMBOL}:state update_id: value is ",
    ),
    "an update that the log does not have": Plant(
        lambda client: client.hincrby(f"orderbook:{SYMBOL}:state", "update_id", 5),
        f"redis books orderbook:{SYMBOL}:state update_id: value is ",
    ),
    "levels to look at again": Plant(
        lambda client: client.hset(f"orderbook:{SYMBOL}:touched", "1.00000000", "7"),
        f"redis books orderbook:{SYMBOL}:touched 1.00000000: the log gives no such row",
    ),
    "a symbol without its name": Plant(
        lambda client: client.srem("symbols:redis", SYMBOL),
        f"redis symbols {SYMBOL}: is missing",
    ),
    "a price of a symbol that nobody traded": Plant(
        lambda client: client.set(f"price:{_never_traded(client)}", "5.00000000"),
        "redis prices price:",
    ),
}


@pytest.fixture(params=["time series", "sorted sets"])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(
    form: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> EmbeddedRedis:
    """An empty server of each kind, which the settings name."""
    fixture = "time_series_server" if form == "time series" else "plain_server"
    server: EmbeddedRedis = request.getfixturevalue(fixture)
    monkeypatch.setenv("TRADEFLOW_REDIS_URL", server.url)
    with client_of(server) as client:
        client.flushall()
    return server


@pytest.fixture
def store(server: EmbeddedRedis, topics: ExchangeTopics) -> RedisStore:
    """With all of the log in it."""
    store = RedisStore(server)
    fed(store, topics)
    return store


@pytest.fixture
def client(server: EmbeddedRedis) -> Iterator[Client]:
    with client_of(server) as client:
        yield client


def test_a_store_that_is_right_passes(
    store: RedisStore, topics: ExchangeTopics, client: Client
) -> None:
    assert set(TOPICS) == set(RedisSink.topics)

    findings, report = look("redis", topics)

    assert told(findings) == []
    assert findings.holds and findings.why_not == ""
    assert all(table.rows for table in report.tables.values())
    assert report.tables["sagas"].rows == len(client.keys("processed:saga:*"))
    assert (report.behind, report.lines()) == (0, [])


@pytest.mark.parametrize("name", PLANTS)
@pytest.mark.parametrize("form", ["time series"], indirect=True)
def test_what_is_planted_is_found(
    store: RedisStore, topics: ExchangeTopics, client: Client, name: str
) -> None:
    plant = PLANTS[name]
    plant.change(client)

    findings, _ = look("redis", topics)

    (line,) = told(findings)
    assert line.startswith(plant.says)


def _series(client: Client, form: str) -> tuple[str, int]:
    """A series, and the opening of its newest candle."""
    key = f"ticker:{SYMBOL}:1s"
    if form == "time series":
        return key, int(client.execute_command("TS.GET", key)[0])
    return key, int(client.zrange(key, -1, -1, withscores=True)[0][1])


def test_another_candle_is_found(
    store: RedisStore, topics: ExchangeTopics, client: Client, form: str
) -> None:
    key, opening = _series(client, form)
    if form == "time series":
        client.execute_command("TS.ADD", f"{key}:high", opening, 7, "ON_DUPLICATE", "LAST")
    else:
        client.zremrangebyscore(key, opening, opening)
        client.zadd(key, {"[7]": opening})

    findings, _ = look("redis", topics)

    (line,) = told(findings)
    assert line.startswith(f"redis candles {key}")
    assert f" {opening}: value is " in line


def test_a_candle_that_is_gone_is_found(
    store: RedisStore, topics: ExchangeTopics, client: Client, form: str
) -> None:
    key, opening = _series(client, form)
    if form == "time series":
        client.execute_command("TS.DEL", key, opening, opening)
    else:
        client.zremrangebyscore(key, opening, opening)

    findings, _ = look("redis", topics)

    (line,) = told(findings)
    assert line.startswith(f"redis candles {key} {opening}: is missing")


def test_a_candle_too_many_is_found(
    store: RedisStore, topics: ExchangeTopics, client: Client, form: str
) -> None:
    key, opening = _series(client, form)
    if form == "time series":
        client.execute_command("TS.ADD", key, opening + 1_000, 7)
    else:
        client.zadd(key, {"[7]": opening + 1_000, "[8]": opening})

    findings, _ = look("redis", topics)

    lines = told(findings)
    assert len(lines) == (1 if form == "time series" else 2)
    assert lines[-1].startswith(f"redis candles {key} {opening + 1_000}: the log gives no such row")


@pytest.mark.parametrize("form", ["time series"], indirect=True)
def test_ends_of_sagas_are_compared(
    store: RedisStore, topics: ExchangeTopics, client: Client
) -> None:
    gone, short, other = sorted(client.keys("processed:saga:*"))[:3]
    client.delete(gone)
    client.expire(short, 3_600)
    client.set(other, "2", keepttl=True)
    never = f"processed:saga:{uuid5(NAMESPACE_URL, 'never placed')}"
    client.set(never, "1")

    findings, report = look("redis", topics)

    lines = {line.split()[2].rstrip(":"): line for line in told(findings)}
    uuids = [key.removeprefix("processed:saga:") for key in (gone, short, other, never)]
    assert sorted(lines) == sorted(uuids)
    assert ": is missing" in lines[uuids[0]]
    assert ": until is " in lines[uuids[1]]
    assert ': value is "2", the log gives "1"' in lines[uuids[2]]
    assert "the log gives no such row" in lines[uuids[3]]
    assert report.tables["sagas"].differences == {"wrong": 2, "missing": 1, "extra": 1}


def test_a_store_that_is_behind_is_no_violation(
    server: EmbeddedRedis, topics: ExchangeTopics
) -> None:
    store = RedisStore(server)
    events = topics.events(RedisSink.topics)
    feed(store, first_share(events, 0.6))

    findings, report = look("redis", topics)

    assert told(findings) == []
    assert report.behind > 0
    assert f"{report.behind:,} records behind the log" in report.lines()[0]


@pytest.mark.parametrize("form", ["time series"], indirect=True)
def test_a_book_that_began_with_a_snapshot_ahead_of_its_updates_is_right(
    server: EmbeddedRedis, topics: ExchangeTopics
) -> None:
    events = topics.events(RedisSink.topics)
    store = RedisStore(server)
    snapshots = [event for event in events if event.name == "DepthSnapshot"]
    feed(store, snapshots)
    with client_of(server) as client:
        at = client.hget(f"orderbook:{snapshots[-1].record['symbol']}:state", "update_id")
    assert int(at) == snapshots[-1].record["last_update_id"]

    findings, report = look("redis", topics)

    assert told(findings) == []
    assert report.tables["books"].rows > 0


@pytest.mark.parametrize("form", ["time series"], indirect=True)
def test_a_book_that_says_it_is_not_whole_is_not_judged(
    store: RedisStore, topics: ExchangeTopics, client: Client
) -> None:
    client.hset(f"orderbook:{SYMBOL}:state", "needs", "9")

    findings, report = look("redis", topics)

    assert told(findings) == []
    assert report.tables["books"].unjudged > 0
    assert any("of books not judged" in line for line in report.lines())


@pytest.mark.parametrize("form", ["time series"], indirect=True)
def test_the_first_candles_may_be_written_while_it_is_looked_at(
    store: RedisStore, topics: ExchangeTopics, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that their form is not known when the look begins."""
    really, asked = RedisView.form, count()

    def form(view: RedisView) -> str:
        return really(view) if next(asked) else ""

    monkeypatch.setattr(RedisView, "form", form)
    findings, report = look("redis", topics)

    assert told(findings) == []
    assert report.as_json()["tables"]["candles"]["rows"] > 0


def test_a_store_of_another_log_is_said_to_be_one(
    store: RedisStore, topics: ExchangeTopics, client: Client
) -> None:
    client.hset("positions:redis", "trades/0", "10000000")

    findings, report = look("redis", topics)

    (line,) = told(findings)
    assert line.startswith("redis positions trades/0: position is 10000000, the log gives ")
    assert "fed from another log" in report.lines()[0]
