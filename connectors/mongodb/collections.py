"""The collections, their indexes, and what the server itself refuses.

``audit_logs`` is append-only.  The sink only inserts; that nobody else changes what is written is
a matter of rights, which MongoDB gives by collection: no role in ``roles.json`` may update or
remove there.  The validator refuses what is no audit document, whoever inserts it.
"""

from contextlib import suppress
from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.database import Database
from pymongo.errors import CollectionInvalid

from connectors.mongodb.actions import LOGIN_FAILED
from connectors.mongodb.documents import FAILURE, SUCCESS

AUDIT_LOGS = "audit_logs"
POSITIONS = "positions"
"""How far the sink has each partition: ``_id`` is ``topic/partition``, ``offset`` the next one."""
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


def prepare(database: Database[Any]) -> None:
    """Make what is missing of ``audit_logs`` and its indexes; what is there stays as it is."""
    # It may be there, perhaps since another connector made it a moment ago.
    with suppress(CollectionInvalid):
        database.create_collection(AUDIT_LOGS, validator=VALIDATOR)
    database[AUDIT_LOGS].create_indexes(list(INDEXES))
