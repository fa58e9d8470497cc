"""What the audit trail is told of keys: everything that matters, and never too much."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from connectors.mongodb.actions import GATEWAY_ACTIONS, gateway_action
from schemas.codec import decode
from schemas.partitioning import partition_of
from schemas.topics import AUDIT
from tests.chaos.exchange import read_all
from tests.connectors.feeding import make_topics
from tradeflow.broker import BrokerSettings, EmbeddedBroker
from web.auth import outbox
from web.auth.audit_events import AuthAction
from web.auth.caller import Scope
from web.auth.key_store import KeyStore
from web.auth.refusal import Refusal, Refused
from web.auth.refusal_trail import OTHERS, RefusalTrail
from web.auth.settings import AuthSettings
from web.settings import GatewaySettings

PARTITIONS = 4


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    """A broker of this file's own, with the trail's topic."""
    own = EmbeddedBroker(BrokerSettings(port=0, data_dir=tmp_path_factory.mktemp("kafka")))
    own.start()
    make_topics(own.bootstrap, {AUDIT.name: PARTITIONS})
    try:
        yield own
    finally:
        own.stop()


@pytest.fixture
def gateway_settings(kafka: EmbeddedBroker) -> GatewaySettings:
    return GatewaySettings(broker=kafka.bootstrap)


@pytest.fixture
def seen(kafka: EmbeddedBroker, gateway_settings: GatewaySettings) -> set[str]:
    """The events that earlier tests left."""
    return {event["event_id"] for event in _events(gateway_settings, set())}


def _events(settings: GatewaySettings, seen: set[str]) -> list[dict[str, Any]]:
    """The trail's events, each on its user's partition; without those that were there before."""
    events = []
    for message in read_all(settings.broker, AUDIT.name):
        name, event = decode(message.value())
        assert name == "AuditEvent"
        assert message.key() == event["user_id"].encode()
        if event["user_id"]:
            assert message.partition() == partition_of(message.key(), PARTITIONS)
        if event["event_id"] not in seen:
            events.append(event)
    return sorted(events, key=lambda event: event["time_ms"])


def _count(event: dict[str, Any]) -> int:
    assert len(event["payload"]) < 200
    return int(event["payload"].removeprefix('{"count": ').removesuffix("}"))


# --- refusals -------------------------------------------------------------------------------------


def test_the_first_is_told_at_once_and_the_others_together(
    gateway_settings: GatewaySettings, seen: set[str]
) -> None:
    replayed = Refused.of(Refusal.REPLAYED, "alicesalicekey", "alice", "192.0.2.1")
    other = Refused.of(Refusal.MISSING_SCOPE, "alicesalicekey", "alice", "192.0.2.1")

    async def run() -> None:
        trail = RefusalTrail(gateway_settings, window_seconds=3_600)
        for _ in range(5):
            trail.note(replayed)
        trail.note(other)
        trail._producer.flush(10)
        told = await asyncio.to_thread(_events, gateway_settings, seen)
        assert [(event["reason"], _count(event)) for event in told] == [
            ("REPLAYED", 1),
            ("MISSING_SCOPE", 1),
        ]
        await trail.close()

    asyncio.run(run())
    events = _events(gateway_settings, seen)
    assert [(event["reason"], _count(event)) for event in events] == [
        ("REPLAYED", 1),
        ("MISSING_SCOPE", 1),
        ("REPLAYED", 4),
    ]
    for event in events:
        assert event["user_id"] == "alice"
        assert event["session_id"] == event["resource_id"] == "alicesal"
        assert (event["resource_type"], event["ip"]) == ("API_KEY", "192.0.2.1")
        assert (event["action"], event["outcome"]) == ("API_KEY_REFUSED", "FAILURE")


def test_a_window_ends_by_itself_and_the_next_one_begins(
    gateway_settings: GatewaySettings, seen: set[str]
) -> None:
    refused = Refused.of(Refusal.WRONG_SIGNATURE, "k" * 64, "bob", "192.0.2.1")

    async def run() -> None:
        trail = RefusalTrail(gateway_settings, window_seconds=0.2)
        for number in (2, 4):
            trail.note(refused)
            trail.note(refused)
            async with asyncio.timeout(30):
                while len(await asyncio.to_thread(_events, gateway_settings, seen)) < number:
                    await asyncio.sleep(0.05)
        await trail.close()

    asyncio.run(run())
    assert [_count(event) for event in _events(gateway_settings, seen)] == [1, 1, 1, 1]


def test_who_tries_many_keys_from_many_addresses_floods_nothing(
    gateway_settings: GatewaySettings, seen: set[str]
) -> None:
    """And what is tried on a real key is told all the same."""

    async def run() -> None:
        trail = RefusalTrail(gateway_settings, window_seconds=3_600, kinds=10)
        for number in range(20_000):
            key, address = f"{number:064}", f"192.0.2.{number % 200}"
            trail.note(Refused.of(Refusal.UNKNOWN_KEY, key, "", address))
        trail.note(Refused.of(Refusal.WRONG_SIGNATURE, "k" * 64, "carol", "192.0.2.7"))
        await trail.close()
        assert trail.lost == 0

    asyncio.run(run())
    events = _events(gateway_settings, seen)
    reasons = Counter(event["reason"] for event in events)
    assert reasons == {"UNKNOWN_KEY": 20, "WRONG_SIGNATURE": 1, OTHERS: 1}
    assert sum(_count(event) for event in events) == 20_001
    assert all(len(event["resource_id"]) <= 8 for event in events)


def test_what_an_attacker_chooses_takes_few_bytes() -> None:
    refused = Refused.of(Refusal.UNKNOWN_KEY, "k" * 128, "", "f" * 1_000)

    assert len(refused.key) == 8
    assert len(refused.address) == 64


def test_without_a_broker_refusals_are_counted_and_nobody_waits() -> None:
    async def run() -> None:
        settings = GatewaySettings(broker="127.0.0.1:1")
        trail = RefusalTrail(settings, kinds=30_000, window_seconds=3_600)
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(20_000):
            trail.note(Refused(Refusal.REPLAYED, f"{number}", "dave", ""))
        # It is no measurement: to wait for a broker takes far longer.
        assert loop.time() - began < 10
        assert trail.lost == 10_000, "the queue has room for so many"
        await trail.close()

    asyncio.run(run())


# --- what is done to keys -------------------------------------------------------------------------


def test_what_is_done_to_keys_is_told(
    settings: AuthSettings, gateway_settings: GatewaySettings, seen: set[str]
) -> None:
    store = KeyStore(settings)
    store.open()
    made = store.create("alice", [Scope.READ], label="bot", by="root")
    store.revoke(made.key, by="root")
    store.rotate_master(by="root")

    assert outbox.tell(store.database, gateway_settings.client("test")) == 3
    assert outbox.tell(store.database, gateway_settings.client("test")) == 0

    events = _events(gateway_settings, seen)
    told = [(event["action"], event["user_id"], event["resource_id"]) for event in events]
    assert sorted(told) == [
        ("API_KEY_CREATED", "alice", made.key[:8]),
        ("API_KEY_REVOKED", "alice", made.key[:8]),
        ("MASTER_KEY_ROTATED", "", ""),
    ]
    assert {event["outcome"] for event in events} == {"SUCCESS"}
    by_action = {event["action"]: event["payload"] for event in events}
    assert by_action["API_KEY_CREATED"] == '{"scopes": "read", "label": "bot", "by": "root"}'
    assert made.secret not in str(events) and made.key not in str(events)
    store.close()


def test_what_was_done_while_the_broker_was_away_is_told_later(
    settings: AuthSettings, gateway_settings: GatewaySettings, seen: set[str]
) -> None:
    store = KeyStore(settings)
    store.open()
    made = store.create("alice", [Scope.READ])
    nowhere = GatewaySettings(broker="127.0.0.1:1").client("test")

    assert outbox.tell(store.database, nowhere) == 0
    assert outbox.tell(store.database, gateway_settings.client("test")) == 1

    (event,) = _events(gateway_settings, seen)
    assert (event["action"], event["resource_id"]) == ("API_KEY_CREATED", made.key[:8])
    store.close()


def test_several_that_tell_tell_it_once(
    settings: AuthSettings, gateway_settings: GatewaySettings, seen: set[str]
) -> None:
    stores = [KeyStore(settings) for _ in range(3)]
    for store in stores:
        store.open()
    for number in range(30):
        stores[0].create(f"a{number}", [Scope.READ])

    client = gateway_settings.client("test")
    with ThreadPoolExecutor(len(stores)) as threads:
        told = list(threads.map(lambda store: outbox.tell(store.database, client), stores))

    assert sum(told) == 30
    events = _events(gateway_settings, seen)
    assert sorted(event["user_id"] for event in events) == sorted(f"a{n}" for n in range(30))
    for store in stores:
        store.close()


def test_who_dies_while_telling_is_followed_by_another(
    tmp_path: Path, gateway_settings: GatewaySettings, seen: set[str], monkeypatch: Any
) -> None:
    store = KeyStore(AuthSettings(state_dir=tmp_path))
    store.open()
    store.create("alice", [Scope.READ])
    client = gateway_settings.client("test")
    # As one that has claimed the event and is killed.
    assert len(outbox._claimed(store.database, "killed")) == 1
    assert outbox.tell(store.database, client) == 0

    later = outbox.now_ms() + 31_000
    monkeypatch.setattr(outbox, "now_ms", lambda: later)

    assert outbox.tell(store.database, client) == 1
    assert len(_events(gateway_settings, seen)) == 1
    store.close()


def test_the_trail_knows_every_action() -> None:
    assert set(AuthAction) <= set(GATEWAY_ACTIONS)
    failed = gateway_action(
        {"action": AuthAction.KEY_REFUSED, "outcome": "FAILURE", "reason": "REPLAYED"}
    )
    assert failed.failed
