"""The monitor on a real change stream: an alert for each burst, whatever is restarted between."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from connectors.event import Event, Place
from connectors.mongodb.collections import ALERTS, AUDIT_LOGS, MONITORS
from connectors.mongodb.monitor import RULE, LoginMonitor
from connectors.mongodb.settings import MongodbSettings
from connectors.mongodb.sink import MongodbSink
from connectors.sink import Batch
from schemas.topics import AUDIT
from tests.connectors.feeding import eventually
from tests.connectors.mongodb.made_log import login
from tests.fixtures.mongodb import new_server, settings_for
from tradeflow.present import now_ms

PLACE = Place(AUDIT.name, 0)


class _Logins:
    """Failed logins, written as the connector writes them."""

    def __init__(self, settings: MongodbSettings) -> None:
        self._settings = settings
        self._events: list[Event] = []
        self._started_ms = now_ms()

    def fail(self, user: str, count: int = 1) -> None:
        first = len(self._events)
        for number in range(first, first + count):
            self._events.append(login(number, self._started_ms + number, user=user))
        self._write(first)

    def again(self) -> None:
        """Write all that were written, as into a trail that was dropped."""
        self._write(0)

    def _write(self, first: int) -> None:
        sink = MongodbSink(self._settings)
        sink.connect()
        sink.write(Batch(self._events[first:], {PLACE: first}, {PLACE: len(self._events)}))
        sink.close()


@contextmanager
def watching(settings: MongodbSettings) -> Iterator[None]:
    stop, started = threading.Event(), threading.Event()
    monitor = LoginMonitor(settings, started.set)
    thread = threading.Thread(target=monitor.run, args=(stop,))
    thread.start()
    try:
        assert started.wait(30)
        yield
    finally:
        stop.set()
        thread.join(30)
    assert not thread.is_alive()


@pytest.fixture
def database(mongodb: MongodbSettings) -> Iterator[Any]:
    with MongoClient[Any](mongodb.url, tz_aware=True) as client:
        yield client[mongodb.database]


def alerted(database: Any) -> list[str]:
    return sorted(alert["user_id"] for alert in database[ALERTS].find())


def seen(database: Any, user: str, position: str) -> Callable[[], bool]:
    """Whether the monitor has saved that it has seen this failure."""

    def is_saved() -> bool:
        saved = database[MONITORS].find_one({}) or {"users": []}
        return any(
            failure["at"] == position
            for each in saved["users"]
            if each["user"] == user
            for failure in each["failures"]
        )

    return is_saved


def test_a_burst_is_one_alert(
    mongodb: MongodbSettings, database: Any, caplog: pytest.LogCaptureFixture
) -> None:
    logins = _Logins(mongodb)
    with watching(mongodb):
        logins.fail("ann", 5)
        logins.fail("bob", 12)
        eventually(seen(database, "bob", "audit/0/16"), "all is seen")

    (alert,) = database[ALERTS].find()
    assert alert["_id"] == f"{RULE}/audit/0/10"
    assert (alert["user_id"], alert["ip"], alert["failures"]) == ("bob", "198.51.100.7", 6)
    assert alert["since"] <= alert["timestamp"]
    (line,) = [each.message for each in caplog.records if "ALERT" in each.message]
    assert "'bob'" in line and "198.51.100.7" in line


def test_it_goes_on_where_it_was_and_tells_nothing_twice(
    mongodb: MongodbSettings, database: Any
) -> None:
    logins = _Logins(mongodb)
    with watching(mongodb):
        logins.fail("ann", 4)
        logins.fail("bob", 6)
        eventually(lambda: alerted(database) == ["bob"], "bob's burst")
        eventually(seen(database, "bob", "audit/0/9"), "all is seen")
    logins.fail("ann", 2)
    logins.fail("bob", 2)
    with watching(mongodb):
        eventually(lambda: alerted(database) == ["ann", "bob"], "what came meanwhile")
        logins.fail("cid", 6)
        eventually(lambda: alerted(database) == ["ann", "bob", "cid"], "what comes now")


@pytest.mark.parametrize("forgets", ["the place", "everything"])
def test_where_the_stream_cannot_go_on_the_trail_is_read(
    mongodb: MongodbSettings, database: Any, forgets: str
) -> None:
    logins = _Logins(mongodb)
    with watching(mongodb):
        logins.fail("ann", 3)
        eventually(seen(database, "ann", "audit/0/2"), "all is seen")
    logins.fail("ann", 3)
    if forgets == "everything":
        database[MONITORS].delete_many({})
    else:
        database[MONITORS].update_one({}, {"$set": {"token": {"_data": "00"}}})
    with watching(mongodb):
        eventually(lambda: alerted(database) == ["ann"], "the burst over the gap")


def test_a_killed_server_is_waited_for(tmp_path: Path) -> None:
    server = new_server(tmp_path)
    server.start()
    settings = settings_for(server.url).model_copy(update={"timeout_ms": 500})
    logins = _Logins(settings)
    try:
        with watching(settings), MongoClient[Any](server.url) as client:
            database = client[settings.database]
            logins.fail("ann", 4)
            eventually(seen(database, "ann", "audit/0/3"), "all is seen")
            server.kill()
            server.start()
            logins.fail("ann", 4)
            eventually(lambda: alerted(database) == ["ann"], "the burst over the crash")
            assert database[AUDIT_LOGS].count_documents({}) == 8
    finally:
        server.stop()


def test_a_dropped_trail_is_watched_on_when_it_is_made_again(
    mongodb: MongodbSettings, database: Any, caplog: pytest.LogCaptureFixture
) -> None:
    logins = _Logins(mongodb)
    with watching(mongodb):
        logins.fail("ann", 3)
        eventually(seen(database, "ann", "audit/0/2"), "all is seen")
        database.drop_collection(AUDIT_LOGS)
        eventually(lambda: "audit_logs was dropped" in caplog.text, "it is seen")
        # The connector reads the log again from the beginning: nobody counts twice.
        logins.again()
        logins.fail("bob", 6)
        logins.fail("ann", 3)
        eventually(lambda: alerted(database) == ["ann", "bob"], "both bursts")

    assert caplog.text.count("audit_logs was dropped") == 1
    assert database[ALERTS].find_one({"user_id": "ann"})["event"] == "audit/0/11"
