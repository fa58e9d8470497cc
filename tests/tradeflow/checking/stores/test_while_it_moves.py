"""Stores that are looked at while their connectors write and the log grows."""

import threading
from collections import defaultdict
from contextlib import ExitStack
from functools import partial

from tests.connectors.feeding import Feeding, eventually
from tests.connectors.mongodb_store import MongodbStore
from tests.connectors.mysql_store import MysqlStore
from tests.connectors.redis_store import RedisStore
from tests.fixtures.exchange_topics import ExchangeTopics
from tests.tradeflow.checking.stores.filled_stores import look, told, whole_log, write

_AT_ONCE = 30
_PACE_SECONDS = 0.05
"""Between two transactions, so that there is always something under way."""


def has_begun(feeding: Feeding) -> bool:
    return any(feeding.runner.positions.values())


def has_all(feeding: Feeding) -> bool:
    return feeding.health.lag == 0


def test_whatever_moment_it_is_the_stores_agree(
    mysql: MysqlStore,
    redis_server: RedisStore,
    trail: MongodbStore,
    exchange_topics: ExchangeTopics,
) -> None:
    stores = {"mysql": mysql, "redis": redis_server, "mongodb": trail}
    bootstrap, stop = exchange_topics.bootstrap, threading.Event()
    writer = threading.Thread(
        target=write,
        args=(bootstrap, whole_log()),
        kwargs={"at_once": _AT_ONCE, "after_each": lambda: stop.wait(_PACE_SECONDS)},
    )
    rows: defaultdict[str, list[int]] = defaultdict(list)
    with ExitStack() as stack:
        feedings = [
            stack.enter_context(Feeding(bootstrap, store.sink(), batch_records=25))
            for store in stores.values()
        ]
        writer.start()
        stack.callback(writer.join, 60)
        stack.callback(stop.set)
        for feeding in feedings:
            eventually(partial(has_begun, feeding), "it has begun")
        while writer.is_alive():
            for name in stores:
                findings, _ = look(name, exchange_topics)
                assert told(findings) == []
                rows[name].append(findings.standing[f"rows in {name}"])
        for feeding in feedings:
            eventually(partial(has_all, feeding), "it has all")
        for name in stores:
            findings, report = look(name, exchange_topics)
            assert told(findings) == []
            assert report.behind == 0
            rows[name].append(findings.standing[f"rows in {name}"])

    for name, counts in rows.items():
        assert len(counts) > 1 and counts[0] < counts[-1], name
        assert name == "redis" or counts == sorted(counts)
