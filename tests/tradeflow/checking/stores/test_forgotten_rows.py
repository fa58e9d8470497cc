"""What compaction has taken from the log: what the check still says of it, and what it leaves."""

import time

import pytest
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from connectors.event import TOMBSTONE, Event, Place
from schemas.codec import encode
from schemas.topics import CANDLES, ORDERS_ORDERS
from tests.connectors.batches import StoreUnderTest
from tests.connectors.exchange_log import Logged
from tests.connectors.feeding import eventually
from tests.connectors.mongodb_store import MongodbStore
from tests.connectors.mysql_store import MysqlStore
from tests.connectors.redis_store import RedisStore
from tests.fixtures.exchange_topics import ExchangeTopics
from tests.tradeflow.checking.made_exchange import PARTITIONS
from tests.tradeflow.checking.stores.filled_stores import feed, look, told, whole_log, write

pytestmark = [pytest.mark.variant, pytest.mark.slow]

_COMPACTED = (CANDLES.name, ORDERS_ORDERS.name)
_SETTINGS = {
    "cleanup.policy": "compact",
    "segment.ms": "100",
    "min.cleanable.dirty.ratio": "0.0",
    "delete.retention.ms": "0",
}

Events = list[Event]


class ForgetfulLog:
    """A log whose sagas are over, and the events that it had before."""

    def __init__(self, topics: ExchangeTopics, before: dict[str, Events]) -> None:
        self.topics = topics
        self.before = before


@pytest.fixture(scope="module")
def log(exchange_topics: ExchangeTopics) -> ForgetfulLog:
    """All that ended is forgotten, and every other candle has been told anew."""
    bootstrap = exchange_topics.bootstrap
    write(bootstrap, whole_log())
    known = events_of(exchange_topics)
    rows = known[ORDERS_ORDERS.name]
    ended = [
        event
        for event in rows
        if event.name == "OrderSagaRow" and event.record["closed_ms"] and event.key
    ]
    assert len(ended) > 30
    again = [event for event in known[CANDLES.name] if event.name == "Candle"][::2]
    _compact(bootstrap)
    write(bootstrap, [_told_again(event) for event in again])
    write(bootstrap, [Logged(e.place, e.key, None, _now_ms()) for e in ended])
    last = {event.place: event for event in again}
    gone = {event.position for event in (*ended, *again)}
    eventually(
        lambda: _has_forgotten(exchange_topics, gone, [_told_again(e) for e in last.values()]),
        "the log is compacted",
    )
    return ForgetfulLog(exchange_topics, known)


def events_of(topics: ExchangeTopics) -> dict[str, Events]:
    """All events by topic."""
    found: dict[str, Events] = {}
    for event in topics.events(_all_topics()):
        found.setdefault(event.place.topic, []).append(event)
    return found


def _all_topics() -> tuple[str, ...]:
    return tuple({record.place.topic for record in whole_log()})


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _told_again(event: Event) -> Logged:
    candle = dict(event.record) | {"trades": event.record["trades"] + 1}
    return Logged(event.place, event.key, encode("Candle", candle), _now_ms())


def _compact(bootstrap: str) -> None:
    resources = [
        ConfigResource(
            ResourceType.TOPIC,
            topic,
            incremental_configs=[
                ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
                for name, value in _SETTINGS.items()
            ],
        )
        for topic in _COMPACTED
    ]
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for future in admin.incremental_alter_configs(resources).values():
        future.result(30)


def _has_forgotten(topics: ExchangeTopics, gone: set[str], more: list[Logged]) -> bool:
    """Whether none of these records is left; writes on, so that segments end."""
    row = encode("OrderClockRow", {"commands_ms": _now_ms(), "executions_ms": 0})
    places = [Place(ORDERS_ORDERS.name, number) for number in range(PARTITIONS)]
    clocks = [Logged(place, b"clock", row, _now_ms()) for place in places]
    write(topics.bootstrap, [*clocks, *more])
    time.sleep(0.2)
    left = topics.events(_COMPACTED)
    ended = {event.place for event in left if event.name == TOMBSTONE}
    return not ended and not {event.position for event in left} & gone


def before(store: StoreUnderTest, log: ForgetfulLog) -> Events:
    """What was there for a store before anything was forgotten."""
    return [event for name in store.sink().topics for event in log.before.get(name, [])]


def since(store: StoreUnderTest, log: ForgetfulLog) -> Events:
    """What the log still has of what came after it."""
    ends: dict[Place, int] = {}
    for event in before(store, log):
        ends[event.place] = event.offset + 1
    events = log.topics.events(store.sink().topics)
    return [event for event in events if event.offset >= ends.get(event.place, 0)]


@pytest.fixture
def database(mysql: MysqlStore, log: ForgetfulLog) -> MysqlStore:
    """Everything that ever was in the log, and how it went on, is in it."""
    feed(mysql, before(mysql, log))
    feed(mysql, [*before(mysql, log), *since(mysql, log)])
    return mysql


def forgotten(store: MysqlStore, log: ForgetfulLog, more: str = "TRUE") -> tuple[str, str]:
    """Account and id of a saga that the log has no row of."""
    known = {
        (event.record["account_id"], event.record["saga_id"])
        for event in log.topics.events((ORDERS_ORDERS.name,))
        if event.name == "OrderSagaRow"
    }
    query = f"SELECT account_id, saga_id FROM saga_instance WHERE {more} ORDER BY 1, 2"
    return next((a, s) for a, s in store.query(query) if (a, s) not in known)


def test_sagas_that_the_log_has_forgotten_are_held_against_their_commands(
    database: MysqlStore, log: ForgetfulLog
) -> None:
    findings, report = look("mysql", log.topics)

    assert told(findings) == []
    assert report.tables["saga_instance"].rows == len(database.content()["saga_instance"])
    assert report.lines() == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("symbol = 'ZZZ'", "symbol is "),
        ("current_state = 'STARTED'", "has_ended is false, the log gives true"),
        ("order_status = 'NEW'", "order_status is "),
        ("order_id = order_id + 1", "order_id is "),
        ("payload = JSON_SET(payload, '$.command.account_id', 'thief')", "command is "),
    ],
)
def test_a_change_of_one_of_them_is_found(
    database: MysqlStore, log: ForgetfulLog, change: str, says: str
) -> None:
    key = forgotten(database, log, "order_status = 'FILLED'")
    where = "WHERE account_id = %s AND saga_id = %s"
    database.execute(f"UPDATE saga_instance SET {change} {where}", *key)

    findings, _ = look("mysql", log.topics)

    (line,) = told(findings)
    assert line.startswith(f"mysql saga_instance {key[0]} {key[1]}: {says}")


def test_that_one_of_them_is_gone_is_found(database: MysqlStore, log: ForgetfulLog) -> None:
    key = forgotten(database, log, "order_id > 0")
    database.execute("DELETE FROM saga_instance WHERE account_id = %s AND saga_id = %s", *key)

    findings, _ = look("mysql", log.topics)

    (line,) = told(findings)
    assert line.startswith(f"mysql saga_instance {key[0]} {key[1]}: is missing")


def test_one_that_nobody_placed_is_found(database: MysqlStore, log: ForgetfulLog) -> None:
    account_id, saga_id = forgotten(database, log, "order_id = 0")
    database.execute(
        "UPDATE saga_instance SET saga_id = 'never-placed' WHERE account_id = %s AND saga_id = %s",
        account_id,
        saga_id,
    )

    findings, _ = look("mysql", log.topics)

    # That the other one is missing nobody can say: it had no order.
    (line,) = told(findings)
    assert line.startswith(f"mysql saga_instance {account_id} never-placed: the log gives no such")


def test_of_a_store_that_is_behind_forgotten_rows_are_not_judged(
    mysql: MysqlStore, log: ForgetfulLog
) -> None:
    feed(mysql, before(mysql, log))

    findings, report = look("mysql", log.topics)

    assert told(findings) == []
    assert report.tables["candles"].unjudged > 0
    assert any("of candles not judged: the log has forgotten" in line for line in report.lines())


def test_candles_that_the_log_tells_otherwise_are_not_judged_in_redis(
    redis_server: RedisStore, log: ForgetfulLog
) -> None:
    feed(redis_server, before(redis_server, log))

    findings, report = look("redis", log.topics)

    assert told(findings) == []
    assert report.tables["candles"].unjudged > 0
    assert report.tables["sagas"].rows > 30


def test_documents_of_forgotten_rows_are_counted_and_not_judged(
    trail: MongodbStore, log: ForgetfulLog
) -> None:
    feed(trail, before(trail, log))

    findings, report = look("mongodb", log.topics)

    assert told(findings) == []
    assert report.tables["audit_logs"].unjudged > 30
