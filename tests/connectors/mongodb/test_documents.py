"""What of an event becomes a document, where headers are strange."""

from dataclasses import replace

import pytest

from connectors.event import Event, Place
from connectors.mongodb.documents import document_of
from schemas.headers import ACTOR, EVENT_TIME, Actor

TRADE = {"trade_id": 7, "symbol": "BTCUSDT", "price_ticks": 2**60, "time_ms": 5}
EVENT = Event(
    Place("trades", 3),
    11,
    b"BTCUSDT",
    "Trade",
    {
        **TRADE,
        "quantity_lots": 1,
        "quote_units": 2,
        "buyer_order_id": 3,
        "seller_order_id": 4,
        "is_buyer_maker": True,
        "command_id": "c",
    },
    {},
    1_000,
)


def with_headers(**headers: bytes) -> Event:
    return replace(EVENT, headers={name.replace("_", "-"): text for name, text in headers.items()})


def test_a_trade() -> None:
    document = document_of(EVENT, "here")
    assert document["_id"] == "trades/3/11"
    assert document["action"] == "TRADE_EXECUTED"
    assert document["resource"] == {"type": "trade", "id": "BTCUSDT/7"}
    assert document["payload"] == EVENT.record
    assert document["outcome"] == {"status": "success", "reason": ""}
    assert document["ocsf"] == {"category_uid": 6, "class_uid": 6003, "activity_id": 1}
    assert document["metadata"]["node_id"] == "here"


def test_the_actor_is_the_headers() -> None:
    actor = Actor("ann; the %first", "s-1", "203.0.113.9").to_text().encode()
    document = document_of(with_headers(**{ACTOR: actor}), "here")
    assert document["actor"] == {
        "user_id": "ann; the %first",
        "session_id": "s-1",
        "ip": "203.0.113.9",
    }


@pytest.mark.parametrize(
    ("header", "latency_ms"),
    [
        (b"900", 100),
        (b"1001", -1),
        (b"", None),
        (b"soon", None),
        (b"-9999999999999999999", None),
        (b"9223372036854775807", 1_000 - (2**63 - 1)),
    ],
)
def test_latency_is_from_when_it_happened_to_when_it_was_logged(
    header: bytes, latency_ms: int | None
) -> None:
    event = replace(EVENT, headers={EVENT_TIME: header})
    assert document_of(event, "here")["metadata"]["latency_ms"] == latency_ms


def test_headers_that_are_no_text_stop_nothing() -> None:
    event = with_headers(actor=b"\xff;\xfe", correlation_id=b"\xff", causation_id=b"\x00")
    document = document_of(event, "here")
    assert document["actor"]["user_id"] == "\N{REPLACEMENT CHARACTER}"
