"""Questions to the audit trail, each answered from an index."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING
from pymongo.cursor import Cursor
from pymongo.database import Database

from connectors.mongodb.actions import LOGIN_FAILED
from connectors.mongodb.collections import (
    AUDIT_LOGS,
    FAILED_LOGIN_TIME,
    FAILED_SYMBOL_TIME,
    USER_TIME,
)
from connectors.mongodb.connection import connect, database_of, store_errors
from connectors.mongodb.documents import FAILURE, Document
from connectors.mongodb.settings import MongodbSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which entries are asked for; one of ``user`` and ``symbol`` at least.

    ``begin`` belongs to the time that is asked for, ``end`` does not.
    """

    user: str = ""
    symbol: str = ""
    only_failures: bool = False
    begin: datetime | None = None
    end: datetime | None = None

    def __post_init__(self) -> None:
        if not self.user and not (self.symbol and self.only_failures):
            raise ValueError("only a user's entries and a symbol's failures have an index")

    @property
    def index(self) -> str:
        """What answers it; said to the server, so that it never takes to reading everything."""
        return USER_TIME if self.user else FAILED_SYMBOL_TIME

    def filter(self) -> dict[str, Any]:
        """As MongoDB has it."""
        wanted: dict[str, Any] = {}
        if self.user:
            wanted["actor.user_id"] = self.user
        if self.symbol:
            wanted["payload.symbol"] = self.symbol
        if self.only_failures:
            wanted["outcome.status"] = FAILURE
        time = {"$gte": self.begin, "$lt": self.end}
        if any(time.values()):
            wanted["timestamp"] = {name: bound for name, bound in time.items() if bound}
        return wanted


class AuditTrail:
    """The trail for readers."""

    def __init__(self, database: Database[Any], settings: MongodbSettings) -> None:
        self._database = database
        self._settings = settings

    def entries(self, question: Question, *, limit: int) -> list[Document]:
        """The latest ones, oldest of them first.

        Raises:
            StoreDownError: the server cannot be reached, or refuses.
        """
        with store_errors(self._settings):
            if not self._is_there():
                return []
            found = self._found(question.filter(), question.index)
            latest = list(found.sort("timestamp", DESCENDING).limit(limit))
        return sorted(latest, key=lambda entry: (entry["timestamp"], _place(entry["_id"])))

    def failed_logins(self, since: datetime) -> Iterator[Document]:
        """Those logged since then, in the order in which they were logged."""
        if self._is_there():
            wanted = {"action": LOGIN_FAILED, "timestamp": {"$gte": since}}
            yield from self._found(wanted, FAILED_LOGIN_TIME).sort("timestamp", ASCENDING)

    def plan(self, question: Question) -> Any:
        """How the server finds the answer."""
        found = self._found(question.filter(), question.index)
        return found.sort("timestamp", DESCENDING).explain()["queryPlanner"]["winningPlan"]

    def _is_there(self) -> bool:
        return bool(self._database.list_collection_names(filter={"name": AUDIT_LOGS}))

    def _found(self, wanted: dict[str, Any], index: str) -> Cursor[Any]:
        return self._database[AUDIT_LOGS].find(wanted).hint(index)


def _place(position: str) -> tuple[str, int, int]:
    topic, partition, offset = position.rsplit("/", 2)
    return topic, int(partition), int(offset)


@contextmanager
def opened(settings: MongodbSettings) -> Iterator[AuditTrail]:
    """The trail while the block runs.

    Raises:
        StoreDownError: the address cannot be one.
    """
    with connect(settings) as client:
        yield AuditTrail(database_of(client, settings), settings)
