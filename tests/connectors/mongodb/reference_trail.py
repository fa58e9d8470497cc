"""The audit trail of a log, by rules of its own: slow, and without the connector's tables."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.event import Event
from schemas.headers import RecordHeaders

NOBODYS = ("", "Tick", "OrderClockRow", "OrderCommandRow")
_REASONS = ("reject_reason", "expiry_reason", "reason")


def reference_trail(events: Iterable[Event], node: str) -> list[dict[str, Any]]:
    """What the trail must say of each event, in the order of the ids."""
    entries = [_entry(event, node) for event in events if event.name not in NOBODYS]
    return sorted(entries, key=lambda entry: str(entry["_id"]))


def _entry(event: Event, node: str) -> dict[str, Any]:
    headers = RecordHeaders.from_headers(event.headers.items())
    happened = headers.event_time_ms
    record, actor = event.record, headers.actor
    user = [actor.user, actor.address, actor.session]
    if event.name == "AuditEvent":
        user = [record["user_id"], record["ip"], record["session_id"]]
    elif not any(user):
        user = [record.get("account_id", ""), "", ""]
    return {
        "_id": event.position,
        "timestamp": event.timestamp_ms,
        "user": user,
        "payload": _plain(record),
        "failed": _reason(event.name, record),
        "latency_ms": None if happened is None else event.timestamp_ms - happened,
        "record": event.name,
        "node": node,
        "why": [headers.correlation_id, headers.causation_id],
    }


def _reason(name: str, record: Mapping[str, Any]) -> str | None:
    """Why it failed; None where it did not."""
    if record.get("execution_type") == "TRADE_PREVENTION":
        return "TRADE_PREVENTION"
    if record.get("execution_type") == "ORDER_STATUS" or record.get("state", "FAILED") != "FAILED":
        return None
    found = [
        str(record[field]) for field in _REASONS if record.get(field) not in (None, "NONE", "")
    ]
    return found[0] if found else None


def trail_in(collection: Any) -> list[dict[str, Any]]:
    """What the store's documents say, in the same words."""
    return [_said(document) for document in collection.find().sort("_id", 1)]


def _said(document: Mapping[str, Any]) -> dict[str, Any]:
    actor, outcome, metadata = document["actor"], document["outcome"], document["metadata"]
    failed = outcome["status"] == "failure"
    assert failed == bool(outcome["reason"])
    return {
        "_id": document["_id"],
        "timestamp": round((document["timestamp"] - _EPOCH).total_seconds() * 1_000),
        "user": [actor["user_id"], actor["ip"], actor["session_id"]],
        "payload": _plain(document["payload"]),
        "failed": outcome["reason"] if failed else None,
        "latency_ms": metadata["latency_ms"],
        "record": metadata["record"],
        "node": metadata["node_id"],
        "why": [metadata["correlation_id"], metadata["causation_id"]],
    }


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=bytes.hex))


def checksum(entries: Iterable[Mapping[str, Any]]) -> str:
    """One number for all of it."""
    return hashlib.sha256(json.dumps(list(entries), sort_keys=True).encode()).hexdigest()
