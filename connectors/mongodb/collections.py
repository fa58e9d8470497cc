"""The collections, their indexes, and what the server itself refuses.

``audit_logs`` is append-only.  The sink only inserts; that nobody else changes what is written is
a matter of rights, which MongoDB gives by collection: no role in ``roles.json`` may update or
remove there.  The validator refuses what is no audit document, whoever inserts it.
"""

import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.database import Database
from pymongo.errors import CollectionInvalid, OperationFailure

from connectors.mongodb.actions import LOGIN_FAILED
from connectors.mongodb.connection import NO_RIGHT
from connectors.mongodb.documents import FAILURE, SUCCESS

log = logging.getLogger(__name__)

AUDIT_LOGS = "audit_logs"
POSITIONS = "positions"
"""How far the sink has each partition: ``_id`` is ``topic/partition``, ``offset`` the next one,
``trail`` the identity of the ``audit_logs`` that has all before it."""
ALERTS = "alerts"
MONITORS = "monitors"
"""How far each monitor has come, and what it remembers."""

_TEXT = {"bsonType": "string"}


def _document(**fields: Any) -> dict[str, Any]:
    return {"bsonType": "object", "required": list(fields), "properties": fields}


VALIDATOR = {
    "$jsonSchema": _document(
        _id=_TEXT,
        timestamp={"bsonType": "date"},
        actor=_document(user_id=_TEXT, ip=_TEXT, session_id=_TEXT),
        action=_TEXT,
        resource=_document(type=_TEXT, id=_TEXT),
        payload={"bsonType": "object"},
        outcome=_document(status={"enum": [SUCCESS, FAILURE]}, reason=_TEXT),
        ocsf={"bsonType": "object"},
        metadata={"bsonType": "object"},
    )
}

USER_TIME, FAILED_SYMBOL_TIME, FAILED_LOGIN_TIME = (
    "user_time",
    "failed_symbol_time",
    "failed_login_time",
)

INDEXES = (
    IndexModel([("actor.user_id", ASCENDING), ("timestamp", ASCENDING)], name=USER_TIME),
    # Failures are few: an index of them alone costs the other documents nothing.
    IndexModel(
        [("payload.symbol", ASCENDING), ("timestamp", ASCENDING)],
        name=FAILED_SYMBOL_TIME,
        partialFilterExpression={"outcome.status": FAILURE},
    ),
    IndexModel(
        [("timestamp", ASCENDING)],
        name=FAILED_LOGIN_TIME,
        partialFilterExpression={"action": LOGIN_FAILED},
    ),
)


def identity(database: Database[Any]) -> Any:
    """Which collection ``audit_logs`` is, by its UUID; None where there is none.

    One that was dropped and made again has the same name and another UUID.
    """
    found = _described(database)
    return None if found is None else _uuid(found)


def prepare(database: Database[Any]) -> Any:
    """Make what is missing of ``audit_logs``; its identity.

    It may have been dropped and made anew by an insert, without validator and indexes.
    """
    found = _described(database)
    if found is None:
        # Another connector may make it at the same moment.
        with suppress(CollectionInvalid):
            database.create_collection(AUDIT_LOGS, validator=VALIDATOR)
        found = _described(database) or {}
    elif found["options"].get("validator") != VALIDATOR:
        _set_validator(database)
    _make_indexes(database)
    return _uuid(found)


def _described(database: Database[Any]) -> Mapping[str, Any] | None:
    return next(iter(database.list_collections(filter={"name": AUDIT_LOGS})), None)


def _uuid(described: Mapping[str, Any]) -> Any:
    # Servers that speak the protocol and have none are all the same to us.
    return described.get("info", {}).get("uuid", "")


def _set_validator(database: Database[Any]) -> None:
    try:
        database.command("collMod", AUDIT_LOGS, validator=VALIDATOR)
    except OperationFailure as error:
        if error.code != NO_RIGHT:
            raise
        log.warning(
            "%s in the database %s has not the validator that keeps other documents out, and the"
            " connector may not set it: drop it and let the connector make it, or run collMod",
            AUDIT_LOGS,
            database.name,
        )
    else:
        log.warning("%s had not its validator: it is set again", AUDIT_LOGS)


def _make_indexes(database: Database[Any]) -> None:
    # Asked in this way the server says how many were there, without a right to list them.
    answer = database.command(
        "createIndexes", AUDIT_LOGS, indexes=[index.document for index in INDEXES]
    )
    before, now = answer["numIndexesBefore"], answer["numIndexesAfter"]
    # The first one is the key's.
    if 1 < before < now:
        log.warning("%s lacked %d of its indexes: they are made again", AUDIT_LOGS, now - before)
