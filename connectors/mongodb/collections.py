"""The collections, their indexes, and what the server itself refuses.

``audit_logs`` is append-only.  The sink only inserts; that nobody else changes what is written is
a matter of rights, which MongoDB gives by collection: ``roles.py`` has a role for each of our users
and none of them may update or remove there.  The validator refuses what is no audit document,
whoever inserts it.
"""

from contextlib import suppress
from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.database import Database
from pymongo.errors import CollectionInvalid

from connectors.mongodb.actions import LOGIN_FAILED
from connectors.mongodb.documents import FAILURE

AUDIT_LOGS = "audit_logs"
POSITIONS = "positions"
"""How far the sink has each partition: ``_id`` is ``topic/partition``, ``offset`` the next one."""
ALERTS = "alerts"
MONITORS = "monitors"
"""How far each monitor has come, and what it remembers."""

# What is inside the objects is the sink's business: looking there too would cost the server a
# quarter of an insert's time.
_TYPES = {
    "_id": "string",
    "timestamp": "date",
    "actor": "object",
    "action": "string",
    "resource": "object",
    "payload": "object",
    "outcome": "object",
    "ocsf": "object",
    "metadata": "object",
}
VALIDATOR = {
    "$jsonSchema": {
        "bsonType": "object",
        "required": list(_TYPES),
        "properties": {name: {"bsonType": kind} for name, kind in _TYPES.items()},
    }
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


def prepare(database: Database[Any]) -> None:
    """Make what is missing of ``audit_logs`` and its indexes; what is there stays as it is."""
    # It may be there, perhaps since another connector made it a moment ago.
    with suppress(CollectionInvalid):
        database.create_collection(AUDIT_LOGS, validator=VALIDATOR)
    database[AUDIT_LOGS].create_indexes(list(INDEXES))
