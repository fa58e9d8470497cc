"""The log of a made exchange as events, and as batches that a runner would hand over."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from connectors.event import TOMBSTONE, Event, Place
from connectors.mongodb.sink import MongodbSink
from connectors.sink import Batch
from schemas.codec import decode, encode
from schemas.headers import Actor, RecordHeaders
from schemas.topics import AUDIT, ORDERS_ORDERS
from streams.app import ORDERS
from tests.connectors.exchange_log import exchange_log
from tests.connectors.feeding import Written
from tests.tradeflow.checking.made_exchange import START_MS, made_exchange

USERS = ("ann", "bob;& co", "čeněk")
MINUTE_MS = 60_000


def made_log(count: int = 250, *, seed: int = 1) -> list[Event]:
    """Everything that is audited, and ticks and tombstones; by time, as it was logged."""
    exchange = made_exchange(count, seed=seed)
    events = [
        _event(Place(*partition), record.offset, record.timestamp_ms, decode(record.value or b""))
        for partition, records in exchange.records.items()
        if partition.topic in MongodbSink.topics
        for record in records
    ]
    for number, rows in exchange.table(ORDERS).items():
        place = Place(ORDERS_ORDERS.name, number)
        for offset, row in enumerate(rows.values()):
            events.append(_event(place, offset, exchange.now_ms + offset, decode(row)))
        gone = len(rows)
        events.append(Event(place, gone, b"key", TOMBSTONE, {}, {}, exchange.now_ms + gone))
    events += [login(number, START_MS + 700 * number) for number in range(40)]
    return sorted(events, key=lambda event: (event.timestamp_ms, event.place, event.offset))


def _event(place: Place, offset: int, logged_ms: int, decoded: tuple[str, Any]) -> Event:
    """Headers are of every kind that there is: whole, without an actor, none at all."""
    actor = Actor(USERS[offset % 3], f"session-{offset % 7}", "203.0.113.9")
    headers = RecordHeaders(
        correlation_id=f"request-{offset}",
        causation_id=f"orders.commands/0/{offset}",
        actor=actor if offset % 4 else Actor(),
        event_time_ms=logged_ms - offset % 50,
    )
    kept = dict(headers.to_headers()) if offset % 5 else {}
    return Event(place, offset, b"key", decoded[0], decoded[1], kept, logged_ms)


def login(number: int, time_ms: int, *, user: str = "", action: str = "LOGIN_FAILED") -> Event:
    """What the gateway will tell of a login."""
    has_failed = action == "LOGIN_FAILED" and number % 4 != 0
    record = {
        "event_id": f"event-{number}",
        "user_id": user or USERS[number % 3],
        "session_id": "",
        "ip": "198.51.100.7",
        "action": action if has_failed or user else "LOGIN_SUCCEEDED",
        "resource_type": "session",
        "resource_id": f"s-{number}",
        "outcome": "FAILURE" if has_failed or user else "SUCCESS",
        "reason": "BAD_PASSWORD" if has_failed or user else "",
        "payload": json.dumps({"tries": number}),
        "time_ms": time_ms,
    }
    return Event(Place(AUDIT.name, 0), number, b"key", "AuditEvent", record, {}, time_ms)


def batches(
    events: Sequence[Event], size: int, starts: dict[Place, int] | None = None
) -> Iterator[Batch]:
    """The events behind ``starts`` in batches; ``starts`` moves along."""
    at = {} if starts is None else starts
    left = iter([event for event in events if event.offset >= at.get(event.place, 0)])
    while taken := list(islice(left, size)):
        ends = {event.place: event.offset + 1 for event in taken}
        yield Batch(taken, {place: at.get(place, 0) for place in ends}, ends)
        at.update(ends)


def audited_records(commands: int) -> list[Written]:
    """An exchange's log with failed logins, to be written to the topics."""
    records: list[Written] = [
        (*record.place, record.key, record.value)
        for record in exchange_log(commands)
        if record.place.topic in MongodbSink.topics
    ]
    logins = [login(number, 0).record for number in range(40)]
    return records + [(AUDIT.name, 0, b"ann", encode("AuditEvent", dict(each))) for each in logins]
