"""What is older than memory comes from MySQL, as its connector has written it."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.event import Event, Place
from connectors.mysql import MysqlSettings, MysqlSink
from connectors.mysql.tables import CANDLES, TRADES
from schemas.instruments import load_instruments
from tests.connectors.batches import Feeder
from tests.fixtures.mysql import fresh_database, running_mysql
from tests.web.binance.test_market_twin import BTCUSDT, SYMBOL, sent
from tests.web.made_trades import STARTS_MS, MarketLog
from tests.web.offline_gateway import TOPICS, OfflineGateway
from tradeflow.stores.mysql import EmbeddedMysql
from web.errors import GatewayError
from web.state import mysql_tables
from web.state.mysql_history import MysqlHistory
from web.state.windows import DAY_MS, HOUR_MS, INTERVALS, MINUTE_MS

INSTRUMENTS = load_instruments()
Request = tuple[str, dict[str, Any]]
FORGETFUL = {"kept_trades": 7, "kept_candles": 4}


def long_log() -> MarketLog:
    """A fortnight of trades."""
    chance = random.Random(7)
    happened = [
        (
            chance.choice([0, 3, 700, 40 * 1_000, 9 * MINUTE_MS, 5 * HOUR_MS]),
            chance.choice([True, False, None]),
            [(chance.randint(90, 110), chance.randint(1, 50)) for _ in range(chance.randint(1, 4))],
        )
        for _ in range(400)
    ]
    return MarketLog(BTCUSDT, happened)


def requests(log: MarketLog, count: int) -> Iterator[Request]:
    """Requests for all kinds of things, and times."""
    chance = random.Random(11)
    newest = len(log.trades)

    def moment() -> int | None:
        after = chance.randint(-DAY_MS, log.now_ms - STARTS_MS + DAY_MS)
        return chance.choice([None, STARTS_MS + after])

    for _ in range(count):
        limit = chance.randint(1, 40)
        one = {"symbol": SYMBOL, "limit": limit}
        interval, lead = chance.choice(INTERVALS), chance.choice(["0", "0", "8", "05:45"])
        times = sent(startTime=moment(), endTime=moment())
        yield "/api/v3/klines", one | times | {"interval": interval, "timeZone": lead}
        yield "/api/v3/trades", one
        yield "/api/v3/historicalTrades", one | {"fromId": chance.randint(0, newest + 5)}
        yield "/api/v3/aggTrades", one | {"fromId": chance.randint(0, newest + 5)}
        yield "/api/v3/aggTrades", one | times
        size = chance.choice(["1m", "59m", "1h", "5h", "23h", "1d", "7d"])
        yield "/api/v3/ticker", {"symbol": SYMBOL, "windowSize": size}
        yield "/api/v3/ticker/tradingDay", {"symbol": SYMBOL, "timeZone": lead}
        yield "/api/v3/avgPrice", {"symbol": SYMBOL}


def written(settings: MysqlSettings, log: MarketLog, count: int | None = None) -> None:
    """Have MySQL's connector write the first so many records of a log."""
    offsets: Counter[str] = Counter()
    events = []
    for name, record in log.told[:count]:
        if name not in ("Trade", "Candle"):
            continue
        topic = TOPICS[name].name
        key = f"{SYMBOL} {record.get('interval')} {record.get('open_time_ms')}"
        key = SYMBOL if name == "Trade" else key
        events.append(Event(Place(topic, 0), offsets[topic], key.encode(), name, record, {}, 1))
        offsets[topic] += 1
    sink = MysqlSink(settings, INSTRUMENTS)
    Feeder(sink, events).feed(2_000)
    sink.close()


def url_of(settings: MysqlSettings) -> str:
    """As the gateway is told it."""
    password = settings.password.get_secret_value()
    return f"mysql://{settings.user}:{password}@{settings.address}/{settings.database}"


@contextmanager
def remembering(settings: MysqlSettings, log: MarketLog) -> Iterator[OfflineGateway]:
    """A gateway that keeps next to nothing in memory, beside MySQL."""
    history = MysqlHistory(url_of(settings), INSTRUMENTS)
    try:
        yield fed(OfflineGateway(history=history, **FORGETFUL), log)
    finally:
        asyncio.run(history.close())


def fed(gateway: OfflineGateway, log: MarketLog) -> OfflineGateway:
    """The gateway once the log is read."""
    for name, record in log.told:
        gateway.tell(name, record)
    return gateway


def test_answers_as_if_nothing_were_forgotten(mysql_server: EmbeddedMysql) -> None:
    log, database = long_log(), fresh_database(mysql_server)
    written(database, log)
    whole = fed(OfflineGateway(kept_trades=10_000, kept_candles=10**7), log)

    with remembering(database, log) as gateway:
        for path, parameters in requests(log, 60):
            expected = whole.json(path, **parameters)
            assert gateway.json(path, **parameters) == expected, (path, parameters)
        assert not gateway.gateway.history.is_away


def test_a_store_that_is_behind_makes_nothing_up(mysql_server: EmbeddedMysql) -> None:
    log, database = long_log(), fresh_database(mysql_server)
    written(database, log, len(log.told) // 2)
    whole = fed(OfflineGateway(kept_trades=10_000, kept_candles=10**7), log)

    with remembering(database, log) as gateway:
        for path, parameters in requests(log, 40):
            if path not in ("/api/v3/klines", "/api/v3/aggTrades"):
                continue
            for row in gateway.json(path, **parameters):
                if path == "/api/v3/klines":
                    same = parameters | {"startTime": row[0], "endTime": row[0]}
                else:
                    same = {"symbol": SYMBOL, "fromId": row["a"], "limit": 1}
                assert whole.json(path, **same) == [row], (path, parameters)
        one = {"symbol": SYMBOL, "limit": 1_000}
        known = gateway.json("/api/v3/historicalTrades", fromId=1, **one)
        ids = [each["id"] for each in known]
        assert ids == list(range(1, len(ids) + 1))


def test_memory_alone_is_shown_while_the_store_is_away(tmp_path: Path) -> None:
    log = long_log()
    with running_mysql(tmp_path / "mysql") as server:
        database = fresh_database(server)
        written(database, log)
        port = server.port
        with remembering(database, log) as gateway:
            asked = {"symbol": SYMBOL, "fromId": 1, "limit": 1_000}
            ids = [each["id"] for each in gateway.json("/api/v3/historicalTrades", **asked)]
            assert ids == list(range(1, len(log.trades) + 1))

            server.stop()
            shown = gateway.json("/api/v3/historicalTrades", **asked)
            assert [each["id"] for each in shown] == ids[-FORGETFUL["kept_trades"] :]
            assert gateway.gateway.history.is_away
            for path, parameters in requests(log, 10):
                assert gateway.get(path, **parameters).status == 200

    with running_mysql(tmp_path / "mysql") as server:
        assert server.port == port
        with remembering(database, log) as gateway:
            shown = gateway.json("/api/v3/historicalTrades", **asked)
            assert [each["id"] for each in shown] == ids


def test_a_store_that_comes_back_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.state.mysql_reader._LEAVE_ALONE_SECONDS", 0.0)
    log = long_log()
    asked = {"symbol": SYMBOL, "fromId": 1, "limit": 1}
    with running_mysql(tmp_path / "mysql") as server:
        database = fresh_database(server)
        written(database, log)
        with remembering(database, log) as gateway:
            server.stop()
            gateway.json("/api/v3/historicalTrades", **asked)
            assert gateway.gateway.history.is_away

            server.start()
            assert gateway.json("/api/v3/historicalTrades", **asked)[0]["id"] == 1
            assert not gateway.gateway.history.is_away


@pytest.mark.parametrize(
    "url", ["", "nonsense", "postgresql://a:secret@b/c", "mysql://a:secret@host"]
)
def test_says_what_is_wrong_with_an_address_but_not_the_address(url: str) -> None:
    with pytest.raises(GatewayError, match="TRADEFLOW_GATEWAY_MYSQL_URL") as caught:
        MysqlHistory(url, INSTRUMENTS)

    assert "secret" not in str(caught.value) + caught.value.action


def test_reads_the_connectors_own_columns() -> None:
    for mine, theirs in ((mysql_tables.TRADES, TRADES), (mysql_tables.CANDLES, CANDLES)):
        assert mine.name == theirs.name
        assert [column.name for column in mine.columns] == list(theirs.columns)
