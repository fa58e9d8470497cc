"""The document that the trail must have of a record: slow, and by rules of its own."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from schemas.headers import RecordHeaders
from tradeflow.checking.entry import Entry
from tradeflow.checking.stores.mongodb.meanings import SKIPPED, failure_of, meaning_of

Document = dict[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INT64_END = 2**63
_ORDERS = {"PlaceOrder", "CancelOrder", "CancelReplaceOrder", "AmendOrder", "QueryOrder"}


def is_audited(entry: Entry) -> bool:
    """Whether the trail has a document of it; not of a key that is forgotten."""
    return entry.name not in SKIPPED


def expected_document(entry: Entry) -> Document:
    """The document, times in ms; which node wrote it nobody can say."""
    name, record, logged_ms = entry.name, entry.value, entry.record.timestamp_ms
    headers = RecordHeaders.from_headers(entry.record.headers)
    meaning = meaning_of(entry.topic, name, record)
    reason = failure_of(meaning.action, name, record)
    happened_ms = headers.event_time_ms
    latency_ms = None if happened_ms is None else logged_ms - happened_ms
    if latency_ms is not None and abs(latency_ms) >= _INT64_END:
        latency_ms = None
    return {
        "_id": entry.position,
        "timestamp": logged_ms,
        "actor": _actor(name, record, headers),
        "action": meaning.action,
        "resource": expected_resource(name, record),
        "payload": dict(record),
        "outcome": {
            "status": "success" if reason is None else "failure",
            "reason": reason or "",
        },
        "ocsf": {
            "category_uid": meaning.class_uid // 1_000,
            "class_uid": meaning.class_uid,
            "activity_id": meaning.activity_id,
        },
        "metadata": {
            "latency_ms": latency_ms,
            "record": name,
            "correlation_id": headers.correlation_id,
            "causation_id": headers.causation_id,
        },
    }


def plain_document(document: Mapping[str, Any]) -> Document:
    """A stored document, in the same words."""
    plain = dict(document)
    at = plain.get("timestamp")
    if isinstance(at, datetime):
        plain["timestamp"] = round((at - _EPOCH).total_seconds() * 1_000)
    if isinstance(plain.get("metadata"), dict):
        metadata = dict(plain["metadata"])
        metadata.pop("node_id", None)
        plain["metadata"] = metadata
    return plain


def _actor(name: str, record: Mapping[str, Any], headers: RecordHeaders) -> dict[str, str]:
    names = ("user_id", "ip", "session_id")
    if name == "AuditEvent":
        return {each: record[each] for each in names}
    said = headers.actor
    values = (said.user, said.address, said.session)
    # Whom the headers do not name is the account that it is about.
    return dict(zip(names, values if any(values) else (_account(record), "", ""), strict=True))


def _account(record: Mapping[str, Any]) -> str:
    return str(record.get("account_id", ""))


def expected_resource(name: str, record: Mapping[str, Any]) -> dict[str, str]:
    """What a record is about: the type and the id of the thing."""
    symbol = record.get("symbol", "")
    is_of_symbol = name == "SetSymbolStatus" or record.get("execution_type") == "STATUS_CHANGED"
    if name == "AuditEvent":
        kind, thing = record["resource_type"], record["resource_id"]
    elif is_of_symbol:
        kind, thing = "symbol", symbol
    elif name == "PlaceOrderList":
        kind, thing = "order_list", f"{symbol}/{record['list_client_order_id']}"
    elif name in _ORDERS or name == "ExecutionReport":
        kind, thing = "order", f"{symbol}/{_name_of_order(record)}"
    elif name == "Trade":
        kind, thing = "trade", f"{symbol}/{record['trade_id']}"
    elif name == "OrderSagaRow":
        kind, thing = "saga", record["saga_id"]
    elif name == "DeadLetter":
        kind, thing = "record", f"{record['topic']}/{record['partition']}/{record['offset']}"
    else:
        kind, thing = "account", _account(record)
    return {"type": kind, "id": thing}


def _name_of_order(record: Mapping[str, Any]) -> Any:
    """Its number; before it has one, the name that its client gave it."""
    placed = record.get("place", {})
    for found in (
        record.get("order_id"),
        record.get("original_client_order_id"),
        record.get("client_order_id"),
        placed.get("client_order_id"),
    ):
        if found:
            return found
    return ""
