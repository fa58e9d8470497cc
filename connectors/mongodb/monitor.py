"""Watches the audit trail as it grows and raises alerts: too many failed logins of one user.

It follows the collection's change stream and keeps how far it has come, with what it remembers, in
``monitors``: after a restart it goes on there.  Where the server no longer looks back so far it
reads the failures from the trail itself.  An alert's ``_id`` is the event that set it off, so that
none is raised twice.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import Int64
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, OperationFailure
from pymongo.synchronous.change_stream import ChangeStream

from connectors.mongodb.actions import LOGIN_FAILED
from connectors.mongodb.collections import ALERTS, AUDIT_LOGS, MONITORS
from connectors.mongodb.connection import connect, database_of, store_errors
from connectors.mongodb.documents import at
from connectors.mongodb.login_failures import LIMIT, WINDOW_MS, LoginFailures
from connectors.mongodb.settings import MongodbSettings
from connectors.mongodb.trail import AuditTrail
from connectors.sink import StoreDownError

log = logging.getLogger(__name__)

RULE = "LOGIN_FAILED_BURST"

_NAME = "login-failures"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AWAIT_MS = 500
_PAUSE_SECONDS = 1.0
_SAVE_EVERY = 500
# A place in the stream that the server does not have, or not any more, or cannot read.
_LOST = {9, 40_585, 40_647, 40_649, 50_811, 260, 280, 286}

_INSERTED = [
    {"$match": {"operationType": "insert", "fullDocument.action": LOGIN_FAILED}},
]

_Stream = ChangeStream[Any]


class LoginMonitor:
    """Raises an alert for each burst of failed logins."""

    def __init__(
        self, settings: MongodbSettings, on_start: Callable[[], None] = lambda: None
    ) -> None:
        """``on_start`` is called whenever it begins to watch."""
        self._settings = settings
        self._on_start = on_start
        self._failures = LoginFailures()
        self._said = ""

    def run(self, stop: threading.Event) -> None:
        """Until ``stop``; a server that is away is waited for."""
        while not stop.is_set():
            try:
                with store_errors(self._settings), connect(self._settings) as client:
                    self._watch(client, stop)
            except StoreDownError as error:
                self._note(str(error))
                stop.wait(_PAUSE_SECONDS)

    def _note(self, why: str) -> None:
        # One line for each reason, not one for each try.
        if why != self._said:
            log.error("%s; the monitor tries again", why)
        self._said = why

    def _watch(self, client: MongoClient[Any], stop: threading.Event) -> None:
        database = database_of(client, self._settings)
        saved = database[MONITORS].find_one({"_id": _NAME}) or {}
        self._failures = LoginFailures.from_state(saved.get("users", ()))
        with self._open(database, saved.get("token")) as stream:
            log.info("watching logins in %s", self._settings.database)
            self._said = ""
            self._on_start()
            self._follow(database, stream, saved.get("token"), stop)

    def _open(self, database: Database[Any], token: Mapping[str, Any] | None) -> _Stream:
        logs = database[AUDIT_LOGS]
        if token is not None:
            try:
                return logs.watch(_INSERTED, resume_after=token, max_await_time_ms=_AWAIT_MS)
            except OperationFailure as error:
                if error.code not in _LOST:
                    raise
                log.warning("the change stream does not look back so far: the trail is read")
        # What is logged between the two is seen twice, which is no harm.
        stream = logs.watch(_INSERTED, max_await_time_ms=_AWAIT_MS)
        since_ms = self._failures.clock_ms
        since = at(since_ms) if since_ms else datetime.now(UTC)
        window = timedelta(milliseconds=WINDOW_MS)
        for document in AuditTrail(database, self._settings).failed_logins(since - window):
            self._take(database, document)
        return stream

    def _follow(
        self, database: Database[Any], stream: _Stream, token: Any, stop: threading.Event
    ) -> None:
        unsaved = 0
        while not stop.is_set() and stream.alive:
            change = stream.try_next()
            if change is not None:
                self._take(database, change["fullDocument"])
                unsaved += 1
            is_due = unsaved >= _SAVE_EVERY or change is None
            # A quiet stream moves on too, lest its place is forgotten.
            if is_due and stream.resume_token != token:
                token, unsaved = stream.resume_token, 0
                self._save(database, token)
        if not stream.alive:
            log.warning("%s was dropped: the monitor begins anew with what comes", AUDIT_LOGS)
            self._save(database, None)

    def _take(self, database: Database[Any], document: Mapping[str, Any]) -> None:
        user = document["actor"]["user_id"]
        time_ms = (document["timestamp"] - _EPOCH) // timedelta(milliseconds=1)
        if not self._failures.add(user, time_ms, document["_id"]):
            return
        alert = {
            "_id": f"{RULE}/{document['_id']}",
            "rule": RULE,
            "user_id": user,
            "ip": document["actor"]["ip"],
            "since": at(self._failures.since(user)),
            "timestamp": document["timestamp"],
            "event": document["_id"],
            "failures": LIMIT + 1,
            "window_ms": Int64(WINDOW_MS),
        }
        try:
            database[ALERTS].insert_one(alert)
        except DuplicateKeyError:
            return
        log.warning(
            "ALERT %s: user %r, more than %d failed logins within %d s, the last from %s (%s)",
            RULE,
            user,
            LIMIT,
            WINDOW_MS // 1_000,
            alert["ip"] or "an unknown address",
            alert["event"],
        )

    def _save(self, database: Database[Any], token: Any) -> None:
        state = {"token": token, "users": self._failures.to_state()}
        database[MONITORS].update_one({"_id": _NAME}, {"$set": state}, upsert=True)
