"""The audit trail: inserts and nothing else, so that what comes again changes nothing.

A document's ``_id`` is its event's place in the log, and inserts of what is there already are
counted and forgotten: a batch may be written any number of times.  Positions follow when its
documents are on the disk, and count for the very collection that they were written of: where that
was dropped everything is read again from the beginning.
"""

import logging
import time
from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from bson import Int64
from pymongo import MongoClient, UpdateOne
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from connectors.event import TOMBSTONE, Place
from connectors.mongodb.actions import SKIPPED
from connectors.mongodb.collections import AUDIT_LOGS, POSITIONS, identity, prepare
from connectors.mongodb.connection import DUPLICATE, connect, database_of, store_errors
from connectors.mongodb.documents import Document, document_of
from connectors.mongodb.settings import MongodbSettings
from connectors.sink import Batch, FencedError, RefusedError, StoreDownError
from schemas.topics import (
    AUDIT,
    ORDERS_COMMANDS,
    ORDERS_EXECUTIONS,
    ORDERS_INCOMING,
    ORDERS_ORDERS,
    TOPICS,
    TRADES,
    WALLET_COMMANDS,
    WALLET_EVENTS,
)

log = logging.getLogger(__name__)

AUDITED = (
    ORDERS_COMMANDS.name,
    ORDERS_INCOMING.name,
    ORDERS_EXECUTIONS.name,
    WALLET_COMMANDS.name,
    WALLET_EVENTS.name,
    TRADES.name,
    AUDIT.name,
    ORDERS_ORDERS.name,
    *(topic.name for topic in TOPICS if topic.values == ("DeadLetter",)),
)
"""Every topic of commands, events and changes of state, and what could not be understood."""

CHUNK = 1_000
"""Documents to an insert: while one is on its way the next is made."""

LOOK_SECONDS = 10.0
"""So often the sink looks whether somebody has dropped an index."""

_NOT_VALID = 121
_NOT_KEPT = SKIPPED | {TOMBSTONE}

_Result = tuple[int, dict[str, str]]
"""How many documents were new, and by position why others were refused."""


class MongodbSink:
    """Writes the audit trail."""

    name = "mongodb"
    topics = AUDITED

    def __init__(self, settings: MongodbSettings | None = None) -> None:
        self._settings = settings or MongodbSettings()
        self._client: MongoClient[Any] | None = None
        self._sender: ThreadPoolExecutor | None = None
        self._trail: Any = None
        self._looked = 0.0

    def connect(self) -> None:
        """Open the connection; make the collection and its indexes where they are missing.

        Raises:
            StoreDownError: it cannot be reached, or refuses.
        """
        self.close()
        self._client = connect(self._settings)
        self._sender = ThreadPoolExecutor(1, thread_name_prefix="mongodb")
        try:
            with store_errors(self._settings):
                self._prepare()
        except StoreDownError:
            self.close()
            raise

    def positions(self, places: Collection[Place]) -> dict[Place, int]:
        """The offset to go on from in each of these partitions; none: from its beginning.

        Raises:
            StoreDownError: it cannot be reached.
        """
        stale, known = self._positions(places)
        if stale:
            log.warning(
                "%s is not the collection of %d positions: it was dropped, or restored from a"
                " backup. What it lacks is read again from the beginning of the log",
                AUDIT_LOGS,
                stale,
            )
        return known

    def _positions(self, places: Collection[Place]) -> tuple[int, dict[Place, int]]:
        """How many belong to another trail, and those of this one."""
        by_id = {str(place): place for place in places}
        with store_errors(self._settings):
            found = list(self._database[POSITIONS].find({"_id": {"$in": list(by_id)}}))
        known = [each for each in found if each.get("trail") == self._trail]
        places_known = {by_id[each["_id"]]: int(each["offset"]) for each in known}
        return len(found) - len(known), places_known

    def write(self, batch: Batch) -> int:
        """Insert the batch's documents, then its positions; how many documents were new.

        Raises:
            StoreDownError: it cannot be reached; what was inserted is no harm to the next try.
            FencedError: the store's positions are not the batch's starts.
            RefusedError: the validator refuses some; the others will be no harm to the next try.
        """
        with store_errors(self._settings):
            self._require_the_same_trail()
        _, known = self._positions(batch.starts)
        for place, start in batch.starts.items():
            if known.get(place, 0) != start:
                raise FencedError(
                    f"{place} is at {known[place]}, not at {start}: another connector writes it"
                    if place in known
                    else f"{place} has no position any more: {POSITIONS} was dropped or emptied"
                )
        with store_errors(self._settings):
            written = self._insert(batch)
            self._move(batch)
        return written

    def _prepare(self) -> None:
        self._trail = prepare(self._database)
        self._looked = time.monotonic()

    def _require_the_same_trail(self) -> None:
        before = self._trail
        if identity(self._database) != before or time.monotonic() - self._looked > LOOK_SECONDS:
            self._prepare()
        if self._trail != before:
            raise FencedError(f"{AUDIT_LOGS} was dropped and is made again")

    def _insert(self, batch: Batch) -> int:
        node_id = self._settings.node_id
        kept = [event for event in batch.events if event.name not in _NOT_KEPT]
        sent: list[Future[_Result]] = []
        for start in range(0, len(kept), CHUNK):
            documents = [document_of(event, node_id) for event in kept[start : start + CHUNK]]
            sent.append(self._open_sender.submit(self._insert_chunk, documents))
        results = [future.result() for future in sent]
        refused = {position: why for _, reasons in results for position, why in reasons.items()}
        if refused:
            raise RefusedError(refused)
        return sum(written for written, _ in results)

    def _insert_chunk(self, documents: Sequence[Document]) -> _Result:
        try:
            result = self._database[AUDIT_LOGS].insert_many(documents, ordered=False)
        except BulkWriteError as error:
            return _read_errors(error, documents)
        return len(result.inserted_ids), {}

    def _move(self, batch: Batch) -> None:
        # Whoever finds another position than the start inserts a second document: a duplicate.
        moves = [
            UpdateOne(
                {"_id": str(place), **self._expected(batch.starts[place])},
                {"$set": {"offset": Int64(end), "trail": self._trail}},
                upsert=True,
            )
            for place, end in batch.ends.items()
        ]
        if not moves:
            return
        try:
            self._database[POSITIONS].bulk_write(moves, ordered=False)
        except BulkWriteError as error:
            if _codes(error) == {DUPLICATE}:
                raise FencedError("positions have moved meanwhile") from error
            raise

    def _expected(self, start: int) -> dict[str, Any]:
        # Where nothing was written yet there may be the position of a trail that was dropped.
        return {"offset": start, "trail": self._trail} if start else {"trail": {"$ne": self._trail}}

    def clear(self) -> None:
        """Forget the positions, so that all that the log has is inserted where it is missing.

        The trail itself stays: it is append-only, and has what compacted topics have no more.

        Raises:
            StoreDownError: it cannot be reached.
        """
        with store_errors(self._settings):
            self._database[POSITIONS].delete_many({})

    def close(self) -> None:
        """Give the connection up."""
        if self._sender is not None:
            self._sender.shutdown(wait=True, cancel_futures=True)
        if self._client is not None:
            self._client.close()
        self._client = self._sender = None

    @property
    def _database(self) -> Database[Any]:
        if self._client is None:
            raise StoreDownError("not connected to MongoDB")
        return database_of(self._client, self._settings)

    @property
    def _open_sender(self) -> ThreadPoolExecutor:
        if self._sender is None:
            raise StoreDownError("not connected to MongoDB")
        return self._sender


def _codes(error: BulkWriteError) -> set[int]:
    """The codes of what went wrong; -1 where the writes may not have reached the disk."""
    details = error.details
    unsure = {-1} if details.get("writeConcernErrors") else set()
    return unsure | {each["code"] for each in details.get("writeErrors", ())}


def _read_errors(error: BulkWriteError, documents: Sequence[Document]) -> _Result:
    """What was there already is fine; what else can go wrong goes on as an error."""
    if not _codes(error) <= {DUPLICATE, _NOT_VALID}:
        raise error
    refused = {
        documents[each["index"]]["_id"]: str(each.get("errmsg", "the validator refuses it"))
        for each in error.details["writeErrors"]
        if each["code"] == _NOT_VALID
    }
    return int(error.details["nInserted"]), refused
