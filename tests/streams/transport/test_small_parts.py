"""The transport's parts that need no broker."""

import os
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from faust.types import TP
from hypothesis import example, given
from hypothesis import strategies as st

from streams.transport import Batch, ExitCode, Rows, TransportSettings
from streams.transport.dead_letters import letter_of
from streams.transport.errors import ConfigError, FencedError, RowError
from streams.transport.headers import HEADER_BYTES_MAX, propagate
from streams.transport.metrics import Metrics
from streams.transport.slot import Slot
from streams.transport.transaction import RoundProducer

AT = TP("orders", 3)


class Record:
    """As much of a Kafka message as headers need."""

    def __init__(self, offset: int = 7, headers: list[tuple[str, bytes]] | None = None) -> None:
        self._offset = offset
        self._headers = headers

    def topic(self) -> str:
        return AT.topic

    def partition(self) -> int:
        return AT.partition

    def offset(self) -> int:
        return self._offset

    def timestamp(self) -> tuple[int, int]:
        return 1, 1_700_000_000_123

    def headers(self) -> list[tuple[str, bytes]] | None:
        return self._headers


# --- headers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 4])
def test_a_header_without_a_value_is_an_empty_one(count: int) -> None:
    names = ("correlation-id", "causation-id", "actor", "event-time")[:count]
    nulls: Any = Record(headers=[(name, None) for name in names])  # type: ignore[misc]
    empty: Any = Record(headers=[(name, b"") for name in names])

    assert propagate(nulls, b"orders/3/7") == propagate(empty, b"orders/3/7")


def test_headers_that_the_client_cannot_give_are_none() -> None:
    class Unreadable(Record):
        def headers(self) -> Any:
            raise SystemError("<method 'headers'> returned a result with an exception set")

    assert propagate(Unreadable(), b"orders/3/7") == propagate(  # type: ignore[arg-type]
        Record(),  # type: ignore[arg-type]
        b"orders/3/7",
    )


def test_a_record_without_headers_is_the_beginning_of_something() -> None:
    assert dict(propagate(Record(), b"orders/3/7")) == {  # type: ignore[arg-type]
        "correlation-id": b"orders/3/7",
        "causation-id": b"orders/3/7",
        "actor": b"",
        "event-time": b"1700000000123",
    }


def test_headers_pass_through_and_others_stay_behind() -> None:
    received = [("actor", b"a"), ("causation-id", b"x"), ("correlation-id", b"c"), ("other", b"o")]

    assert dict(propagate(Record(headers=received), b"orders/3/7")) == {  # type: ignore[arg-type]
        "correlation-id": b"c",
        "causation-id": b"orders/3/7",
        "actor": b"a",
        "event-time": b"1700000000123",
    }


@pytest.mark.parametrize("first", [[], [("other", b"o")]])
def test_no_header_makes_what_is_caused_much_larger(first: list[tuple[str, bytes]]) -> None:
    received = [*first, *((name, b"1" * 1_000_000) for name in _NAMES[:4])]

    passed_on = propagate(Record(headers=received), b"orders/3/7")  # type: ignore[arg-type]

    assert sum(len(value) for _, value in passed_on) <= HEADER_BYTES_MAX


def test_a_dead_letter_is_no_larger_than_its_topic_takes() -> None:
    class Large(Record):
        def key(self) -> bytes:
            return b"k" * 70_000

        def value(self) -> bytes:
            return b"v" * 3_000_000

    letter = letter_of(
        Large(),  # type: ignore[arg-type]
        reason="BAD",
        detail="d" * 5_000,
        value_bytes_max=1_000,
    )

    assert (letter.value, letter.key) == (b"v" * 1_000, b"k" * 65_536)
    assert letter.detail.endswith("d (cut: it has 3000000 bytes) (cut: its key has 70000 bytes)")
    assert len(letter.detail) < 1_100


_NAMES = ("correlation-id", "causation-id", "actor", "event-time", "other")


@given(st.lists(st.tuples(st.sampled_from(_NAMES), st.sampled_from([b"", b"1", b"2"])), max_size=6))
@example([(name, b"1") for name in _NAMES[:4]])
@example([(name, b"") for name in _NAMES[:4]])
def test_of_equal_headers_the_last_counts_in_whatever_order_they_come(
    received: list[tuple[str, bytes]],
) -> None:
    before = list(received)
    last = dict(received)

    passed_on = propagate(Record(headers=received), b"orders/3/7")  # type: ignore[arg-type]

    assert received == before
    assert passed_on == [
        ("correlation-id", last.get("correlation-id", b"orders/3/7")),
        ("causation-id", b"orders/3/7"),
        ("actor", last.get("actor", b"")),
        ("event-time", last.get("event-time") or b"1700000000123"),
    ]


# --- sending -------------------------------------------------------------------------------------


class FencedClient:
    """A librdkafka producer that another one has taken the place of."""

    def __init__(self, *, says_why: bool) -> None:
        self._says_why = says_why

    def produce(self, *_: object, **__: object) -> None:
        raise KafkaException(KafkaError(KafkaError._FATAL, "Local: Fatal error", True))

    def produce_batch(self, topic: str, records: list[Any], **_: object) -> int:
        for record in records:
            record["_error"] = KafkaError(KafkaError._FATAL, "Local: Fatal error", True)
        return 0

    def poll(self, timeout: float) -> int:
        if self._says_why:
            raise KafkaException(KafkaError(KafkaError._FENCED, "fenced by a newer one", True))
        return 0


@pytest.mark.parametrize("says_why", [True, False])
def test_a_fence_met_while_sending_is_no_fault_of_the_record(
    tmp_path: Path, says_why: bool
) -> None:
    settings = TransportSettings(bootstrap="nowhere", group="g", state_dir=tmp_path)
    producer = RoundProducer(settings, Metrics())
    client: Any = FencedClient(says_why=says_why)
    producer._producer, producer.send, producer.in_transaction = client, client.produce, True

    with pytest.raises(FencedError):
        producer.produce("topic", "key", b"value", None)
    with pytest.raises(FencedError):
        producer.produce_to("topic", 0, [{"key": "key", "value": b"value"}])


# --- batches --------------------------------------------------------------------------------------


class Sent:
    """A round's producer that only notes."""

    def __init__(self) -> None:
        self.causes: list[bytes] = []

    def send(self, topic: str, value: Any, key: Any, *more: Any) -> None:
        self.causes.append(dict(more[-1])["causation-id"])


def test_what_is_emitted_is_caused_by_the_record_that_iteration_stands_on() -> None:
    sent = Sent()
    batch = Batch(*AT, [Record(1), Record(2)], producer=sent, propagate=propagate)  # type: ignore[arg-type, list-item]

    for _ in batch:
        batch.emit("out", "k", b"1")
        batch.emit("out", "k", b"2")

    assert sent.causes == [b"orders/3/1", b"orders/3/1", b"orders/3/2", b"orders/3/2"]


def test_what_librdkafka_does_not_take_at_once_is_left_to_the_producer() -> None:
    class Full(Sent):
        def send(self, topic: str, value: Any, key: Any, *more: Any) -> None:
            raise BufferError("Local: Queue full")

        def produce(self, topic: str, key: Any, value: Any, headers: Any) -> None:
            super().send(topic, value, key, headers)

    sent = Full()
    batch = Batch(*AT, [Record(1)], producer=sent, propagate=propagate)  # type: ignore[arg-type, list-item]
    for _ in batch:
        batch.emit("out", "k", b"1")

    assert sent.causes == [b"orders/3/1"]


def test_a_finished_batch_emits_no_more() -> None:
    sent = Sent()
    batch = Batch(*AT, [Record(1)], producer=sent, propagate=propagate)  # type: ignore[arg-type, list-item]
    batch.close()

    with pytest.raises(RuntimeError, match="orders/3/1 is finished"):
        batch.emit("out", "k", b"1")
    assert sent.causes == []


def test_a_finished_batch_lets_its_records_go() -> None:
    record = Record()
    is_there = weakref.ref(record)
    batch = Batch(*AT, [record], producer=Sent(), propagate=propagate)  # type: ignore[list-item, arg-type]
    copied = batch.copy()
    batch.close()
    assert list(copied) == [record]
    copied.close()
    batch.current = copied.current = None  # type: ignore[assignment]
    del record

    assert is_there() is None


# --- slots ----------------------------------------------------------------------------------------


def test_a_slot_is_free_again_when_its_process_is_gone(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys, time; from streams.transport.slot import Slot\n"
        "slot = Slot(pathlib.Path(sys.argv[1]), 'g-0'); slot.acquire()\n"
        "print('held', flush=True); time.sleep(60)"
    )
    root = Path(__file__).parents[3]
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, cwd=root
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(ConfigError, match=f"g-0 is taken by process {holder.pid}"):
            Slot(tmp_path, "g-0").acquire()
        neighbour = Slot(tmp_path, "g-1")
        neighbour.acquire()
        neighbour.release()
    finally:
        holder.kill()
        holder.communicate()
    slot = Slot(tmp_path, "g-0")
    slot.acquire()
    assert (slot.folder / "lock").read_text() == str(os.getpid())
    slot.release()


# --- rows -----------------------------------------------------------------------------------------


def test_rows_remember_what_changed_and_restoring_is_no_change() -> None:
    rows: Rows[int] = Rows()
    rows.restore("kept", 1)
    rows.restore("gone", 2)
    rows.restore("gone", None)
    assert (dict(rows), rows.changed) == ({"kept": 1}, {})

    rows["new"] = 3
    del rows["kept"]
    rows.discard("never")
    assert (dict(rows), set(rows.changed)) == ({"new": 3}, {"new", "kept", "never"})


@pytest.mark.parametrize(
    "change", ["pop", "popitem", "clear", "update", "setdefault", "ior", "put"]
)
def test_no_way_to_change_rows_goes_unnoticed(change: str) -> None:
    rows: Rows[int] = Rows()
    rows.restore("a", 1)
    match change:
        case "pop":
            rows.pop("a")
        case "popitem":
            rows.popitem()
        case "clear":
            rows.clear()
        case "update":
            rows.update({"a": 2})
        case "setdefault":
            rows.setdefault("b", 2)
        case "ior":
            rows |= {"a": 2}
        case "put":
            rows.put({"a": 2})

    assert set(rows.changed) == {"b" if change == "setdefault" else "a"}


# --- settings -------------------------------------------------------------------------------------


def test_the_profiles() -> None:
    quick = TransportSettings(bootstrap="b", group="g")
    steady = TransportSettings(bootstrap="b", group="g", profile="throughput", slot=3)

    assert quick.consumer()["fetch.min.bytes"] == 1
    assert quick.consumer()["session.timeout.ms"] == 10_000
    assert steady.consumer()["fetch.min.bytes"] == 10_240
    assert steady.consumer()["session.timeout.ms"] == 45_000
    assert (quick.producer()["linger.ms"], steady.producer()["linger.ms"]) == (1, 20)
    for settings in (quick, steady):
        assert settings.consumer()["isolation.level"] == "read_committed"
        assert settings.consumer()["enable.auto.commit"] is False
    assert steady.consumer()["group.instance.id"] == "g-3"
    assert [steady.producer(turn)["transactional.id"] for turn in (0, 1)] == ["g-3.0", "g-3.1"]


def test_extra_settings_have_the_last_word() -> None:
    settings = TransportSettings(bootstrap="b", group="g", extra_producer={"linger.ms": 7})

    assert settings.producer()["linger.ms"] == 7


def test_exit_codes_are_what_supervisors_know_them_by() -> None:
    assert [(code.name, int(code)) for code in ExitCode] == [
        ("CLEAN", 0),
        ("FAULT", 70),
        ("FENCED", 71),
        ("BROKER", 75),
        ("POISONED", 76),
        ("CONFIG", 78),
    ]
    assert RowError("t", 0, "why").exit_code is ExitCode.FAULT
