"""A MongoDB database as the tests see it."""

from typing import Any

from pymongo import MongoClient

from connectors.mongodb.collections import AUDIT_LOGS
from connectors.mongodb.settings import MongodbSettings
from connectors.mongodb.sink import MongodbSink


class MongodbStore:
    """Sinks into one database, and what is in it."""

    def __init__(self, settings: MongodbSettings) -> None:
        self.settings = settings
        self._made: list[MongodbSink] = []

    def sink(self) -> MongodbSink:
        """A new one, not connected yet."""
        self._made.append(MongodbSink(self.settings))
        return self._made[-1]

    def close(self) -> None:
        """Close the sinks that tests have left as they were: the driver asks for it."""
        for sink in self._made:
            sink.close()

    def content(self) -> dict[str, list[Any]]:
        """All documents of the trail, by their ids."""
        with MongoClient[Any](self.settings.url, tz_aware=True) as client:
            logs = client[self.settings.database][AUDIT_LOGS]
            return {AUDIT_LOGS: list(logs.find().sort("_id", 1))}
