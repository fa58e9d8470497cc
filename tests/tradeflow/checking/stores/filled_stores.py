"""The log of a small exchange on a real broker, stores that it was written into, and the check."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

from confluent_kafka import Producer

from connectors.event import Event, Place
from schemas.codec import encode
from schemas.headers import Actor, RecordHeaders
from schemas.instruments import Instrument, load_instruments
from schemas.topics import AUDIT
from tests.chaos.exchange import INSTRUMENTS
from tests.connectors.batches import Feeder, StoreUnderTest
from tests.connectors.exchange_log import Logged, exchange_log
from tests.fixtures.exchange_topics import ExchangeTopics
from tradeflow.checking.findings import Findings, Promises
from tradeflow.checking.stores.store_report import StoreReport
from tradeflow.checking.stores.stores import check_stores, find_stores

COMMANDS = 250
_TRANSACTION = 100
_MINUTE_MS = 60_000


@cache
def instruments() -> dict[str, Instrument]:
    """Those of the made exchange."""
    return load_instruments(INSTRUMENTS)


@cache
def whole_log() -> tuple[Logged, ...]:
    """All that the exchange wrote a few minutes ago, and what the gateway told."""
    start_ms = time.time_ns() // 1_000_000 - 5 * _MINUTE_MS
    told = [_login(number, start_ms + number) for number in range(20)]
    return (*exchange_log(COMMANDS, start_ms=start_ms), *told)


def write(bootstrap: str, records: Sequence[Logged]) -> None:
    """Write records in transactions, whose marks take offsets too."""
    producer = Producer(
        {"bootstrap.servers": bootstrap, "transactional.id": f"filling-{time.monotonic_ns()}"}
    )
    producer.init_transactions(30)
    for start in range(0, len(records), _TRANSACTION):
        producer.begin_transaction()
        for record in records[start : start + _TRANSACTION]:
            producer.produce(
                record.place.topic,
                record.value,
                record.key,
                record.place.partition,
                timestamp=record.timestamp_ms,
                headers=list(record.headers),
            )
        producer.commit_transaction(30)


def feed(store: StoreUnderTest, events: Iterable[Event]) -> None:
    """Write events into a store, as its connector does."""
    feeder = Feeder(store.sink(), list(events))
    feeder.feed(300)
    feeder.sink.close()


def first_share(events: Sequence[Event], share: float) -> list[Event]:
    """So much of each partition, from its beginning on."""
    counts = Counter(event.place for event in events)
    seen: Counter[Place] = Counter()
    taken = []
    for event in events:
        seen[event.place] += 1
        if seen[event.place] <= share * counts[event.place]:
            taken.append(event)
    return taken


def fed(store: StoreUnderTest, topics: ExchangeTopics) -> StoreUnderTest:
    """The store with all of the log in it."""
    feed(store, topics.events(store.sink().topics))
    return store


def look(name: str, topics: ExchangeTopics) -> tuple[Findings, StoreReport]:
    """What the check finds of one store, which the settings name."""
    findings = Promises().stores
    found = find_stores(instruments(), [name])
    (report,) = check_stores(found, topics.bootstrap, findings, lambda *_: None)
    return findings, report


def told(findings: Findings) -> list[str]:
    """Each violation in a line."""
    return [f"{each.position}: {each.text}" for each in findings.first]


def _login(number: int, time_ms: int) -> Logged:
    has_failed = number % 4 == 0
    record = {
        "event_id": f"event-{number}",
        "user_id": "trader-1",
        "session_id": "",
        "ip": "198.51.100.7",
        "action": "LOGIN_FAILED" if has_failed else "LOGIN_SUCCEEDED",
        "resource_type": "session",
        "resource_id": f"s-{number}",
        "outcome": "FAILURE" if has_failed else "SUCCESS",
        "reason": "BAD_PASSWORD" if has_failed else "",
        "payload": json.dumps({"tries": number}),
        "time_ms": time_ms,
    }
    headers = RecordHeaders(
        correlation_id=f"request-{number}",
        actor=Actor("trader-1", "", "198.51.100.7"),
        event_time_ms=time_ms - 7,
    )
    value = encode("AuditEvent", record)
    return Logged(Place(AUDIT.name, 0), b"trader-1", value, time_ms, tuple(headers.to_headers()))
