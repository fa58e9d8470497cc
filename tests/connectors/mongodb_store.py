"""A MongoDB database as the tests see it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import PyMongoError

from connectors.event import Event, Place
from connectors.mongodb.collections import AUDIT_LOGS, POSITIONS, identity
from connectors.mongodb.settings import MongodbSettings
from connectors.mongodb.sink import MongodbSink
from tests.connectors.mongodb.reference_trail import checksum, reference_trail, trail_in


class MongodbStore:
    """Sinks into one database, and what is in it."""

    name = MongodbSink.name
    topics = MongodbSink.topics

    def __init__(self, settings: MongodbSettings, looks_as: str = "") -> None:
        """``looks_as``: the address by which the tests look at it, where it has users."""
        self.settings = settings
        self._url = looks_as or settings.url
        self._made: list[MongodbSink] = []

    def sink(self) -> MongodbSink:
        """A new one, not connected yet."""
        self._made.append(MongodbSink(self.settings))
        return self._made[-1]

    def close(self) -> None:
        """Close the sinks that tests have left as they were: the driver asks for it."""
        for sink in self._made:
            sink.close()

    def environment(self) -> dict[str, str]:
        """See ``FedStore``."""
        return {
            "TRADEFLOW_MONGODB_URL": self.settings.url,
            "TRADEFLOW_MONGODB_DATABASE": self.settings.database,
            "TRADEFLOW_MONGODB_NODE_ID": self.settings.node_id,
            "TRADEFLOW_MONGODB_TIMEOUT_MS": "500",
        }

    @contextmanager
    def database(self) -> Iterator[Database[Any]]:
        """The database, within the block."""
        waits = {"serverSelectionTimeoutMS": 500, "socketTimeoutMS": 5_000}
        with MongoClient[Any](self._url, tz_aware=True, **waits) as client:
            yield client[self.settings.database]

    def positions(self) -> dict[Place, int]:
        """See ``FedStore``."""
        found = {}
        with suppress(PyMongoError), self.database() as database:
            for each in database[POSITIONS].find({"trail": identity(database)}):
                topic, _, partition = each["_id"].rpartition("/")
                found[Place(topic, int(partition))] = int(each["offset"])
        return found

    def content(self) -> dict[str, list[Any]]:
        """All documents of the trail, by their ids."""
        with self.database() as database:
            return {AUDIT_LOGS: list(database[AUDIT_LOGS].find().sort("_id", 1))}

    def damage(self) -> None:
        """See ``FedStore``."""
        with self.database() as database:
            some = [each["_id"] for each in database[AUDIT_LOGS].find({}, {"_id": 1}).limit(20)]
            assert database[AUDIT_LOGS].delete_many({"_id": {"$in": some}}).deleted_count == 20

    def require_agreement(self, events: Sequence[Event]) -> None:
        """See ``FedStore``."""
        with self.database() as database:
            found = trail_in(database[AUDIT_LOGS])
        expected = reference_trail(events, self.settings.node_id)
        assert len(found) == len(expected) > 0
        assert checksum(found) == checksum(expected)
