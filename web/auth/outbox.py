"""Events for the audit trail that are written with what they are about, and told afterwards.

So nothing is done to a key that the trail is not told of, be the broker away or this process killed
in between.  One may be told twice, then with the same event id.
"""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from confluent_kafka import KafkaException, Producer
from sqlalchemy import Connection, delete, insert, select, update

from schemas.audit_records import AuditEvent
from schemas.codec import encode
from schemas.topics import AUDIT
from web.auth.database import Database
from web.auth.tables import OUTBOX_EVENTS
from web.clock import now_ms

_CLAIM_MS = 30_000
_BATCH = 500
_SEND_SECONDS = 3


def add(connection: Connection, event: AuditEvent) -> None:
    """Write an event, to be told if the transaction is committed."""
    connection.execute(
        insert(OUTBOX_EVENTS).values(
            event_id=event["event_id"],
            event=json.dumps(event),
            created_ms=event["time_ms"],
            claim="",
            claimed_until_ms=0,
        )
    )


def tell(database: Database, client: Mapping[str, Any]) -> int:
    """Tell the audit trail of what it was not told so far; how many events.

    ``client`` are the settings of a client of the broker.  What the broker does not take stays.

    Raises:
        DatabaseAwayError: the database does not answer.
    """
    claim = str(uuid4())
    events = _claimed(database, claim)
    if not events:
        return 0
    told = _sent(events, client)
    with database.writing() as connection:
        table = OUTBOX_EVENTS.c
        is_told = (table.claim == claim) & table.event_id.in_(told)
        connection.execute(delete(OUTBOX_EVENTS).where(is_told))
        left = update(OUTBOX_EVENTS).where(table.claim == claim)
        connection.execute(left.values(claim="", claimed_until_ms=0))
    return len(told)


def _claimed(database: Database, claim: str) -> list[AuditEvent]:
    """Events that nobody else is telling; if this process dies, somebody may in half a minute."""
    table = OUTBOX_EVENTS.c
    with database.reading() as connection:
        if connection.scalar(select(table.event_id).limit(1)) is None:
            return []
    at_ms = now_ms()
    with database.writing() as connection:
        free = select(table.event_id).where(table.claimed_until_ms < at_ms)
        ids = connection.scalars(free.order_by(table.created_ms).limit(_BATCH)).all()
        is_free = table.event_id.in_(ids) & (table.claimed_until_ms < at_ms)
        claimed = {"claim": claim, "claimed_until_ms": at_ms + _CLAIM_MS}
        connection.execute(update(OUTBOX_EVENTS).where(is_free).values(claimed))
        mine = select(table.event).where(table.claim == claim).order_by(table.created_ms)
        return [json.loads(event) for event in connection.scalars(mine)]


def _sent(events: list[AuditEvent], client: Mapping[str, Any]) -> list[str]:
    """The ids of those that the broker has taken."""
    told: list[str] = []
    producer = Producer(
        {
            **client,
            "enable.idempotence": True,
            # Java's clients and the stages put a key into the same partition.
            "partitioner": "murmur2_random",
            "message.timeout.ms": _SEND_SECONDS * 1_000,
            "log_level": 0,
        }
    )
    for event in events:

        def note(error: object, _message: object, event_id: str = event["event_id"]) -> None:
            if error is None:
                told.append(event_id)

        try:
            value, key = encode("AuditEvent", event), event["user_id"].encode()
            producer.produce(AUDIT.name, value, key=key, on_delivery=note)
        except (BufferError, KafkaException):
            break
    producer.flush(_SEND_SECONDS)
    return told
