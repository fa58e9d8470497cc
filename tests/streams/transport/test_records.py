"""What a round writes: outputs, headers, rows, tombstones and dead letters."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from confluent_kafka import Message

from streams.transport import ExitCode
from tests.fixtures.kafka import TestBroker
from tests.streams.transport.echo import PARTITIONS, Echo, text
from tests.streams.transport.test_partitioning import java_partition
from tests.streams.transport.workers import Worker

LARGEST = 1_048_588 - 100
"""Of a value, so that its record is what an input topic just takes: the rest is the envelope."""

SOME_TIME_AGO_MS = time.time_ns() // 1_000_000 - 3_600_000
"""A record's own time; what is older than a topic keeps may be gone before a worker has read it."""


class Run:
    """A worker that has processed one record of every kind."""

    def __init__(self, echo: Echo) -> None:
        self.echo = echo
        self.worker: Worker = echo.start(web_port=0, round_max_records=1_000)
        address = self.worker.wait_for(r"http://\S+")
        self.url = address
        self.live_early = urlopen(f"{address}/health").status
        self.worker.wait_ready()
        producer = echo.producer()
        headers = [("correlation-id", b"c-1"), ("actor", b"alice"), ("event-time", b"77")]
        producer.produce(echo.source, b"with", "traced", headers=headers)
        producer.produce(echo.source, b"without", "untraced", timestamp=SOME_TIME_AGO_MS)
        producer.produce(echo.source, b"bad", "broken", headers=headers)
        producer.produce(echo.source, b"bad", None, partition=1)
        producer.produce(echo.source, None, "empty")
        producer.produce(echo.source, b"!" * LARGEST, "large")
        producer.produce(echo.source, b"7", "gone")
        producer.produce(echo.source, b"forget", "gone")
        producer.flush(30)
        echo.feed(4_000)
        # "with", "without", "gone" twice, and the fed ones.
        echo.await_outputs(4_004)
        self.metrics = urlopen(f"{address}/metrics").read().decode()
        self.ready = urlopen(f"{address}/health/ready").read().decode()
        self.exit_code = self.worker.stop()
        self.outputs = echo.read(echo.out)
        self.letters = {_reason(m) + ":" + _size(m): m for m in echo.read(echo.dead_letters)}

    def output(self, key: str) -> Message:
        """The last output of a key."""
        return [m for m in self.outputs if text(m.key()) == key][-1]


def _headers(message: Message) -> dict[str, bytes]:
    return dict(message.headers() or [])  # type: ignore[arg-type]


def _reason(message: Message) -> str:
    return _headers(message)["dead-letter-reason"].decode()


def _size(message: Message) -> str:
    value = message.value()
    return "none" if value is None else str(len(value))


@pytest.fixture(scope="module")
def run(broker: TestBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder: Path = tmp_path_factory.mktemp("records")
    echo = Echo(broker.bootstrap, f"records-{folder.name}-{id(folder)}", folder)
    try:
        yield Run(echo)
    finally:
        echo.end()


def test_a_clean_stop(run: Run) -> None:
    assert run.exit_code == ExitCode.CLEAN


def test_a_request_s_headers_pass_through(run: Run) -> None:
    headers = _headers(run.output("traced"))

    assert headers["correlation-id"] == b"c-1"
    assert headers["actor"] == b"alice"
    assert headers["event-time"] == b"77"
    assert re.fullmatch(rf"{run.echo.source}/\d/\d+", headers["causation-id"].decode())


def test_a_record_without_headers_starts_a_correlation(run: Run) -> None:
    headers = _headers(run.output("untraced"))

    assert headers["correlation-id"] == headers["causation-id"]
    assert headers["event-time"] == str(SOME_TIME_AGO_MS).encode()


def test_keys_go_where_the_java_client_would_put_them(run: Run) -> None:
    places = {(text(m.key()), m.partition()) for m in run.outputs}

    assert places == {(key, java_partition(key.encode(), PARTITIONS)) for key, _ in places}
    assert len(places) == 43


def test_a_dead_letter_keeps_key_value_and_reason(run: Run) -> None:
    letters = [m for m in run.echo.read(run.echo.dead_letters) if m.value() == b"bad"]

    assert {m.key() for m in letters} == {b"broken", None}
    traced = next(m for m in letters if m.key() == b"broken")
    headers = _headers(traced)
    assert headers["dead-letter-reason"] == b"BAD"
    assert headers["dead-letter-detail"] == b"a value that says so"
    assert headers["dead-letter-source"] == headers["causation-id"]
    assert headers["correlation-id"] == b"c-1"


def test_a_dead_letter_without_a_value(run: Run) -> None:
    assert run.letters["EMPTY:none"].key() == b"empty"


def test_the_largest_record_still_fits_as_a_dead_letter(run: Run) -> None:
    assert run.letters[f"LARGE:{LARGEST}"].key() == b"large"


def test_a_row_is_written_once_a_round_however_often_it_changes(run: Run) -> None:
    rounds = int(float(_metric(run, "transport_rounds_total")))
    per_key: dict[str, int] = {}
    for message in run.echo.read(run.echo.changelog):
        per_key[text(message.key())] = per_key.get(text(message.key()), 0) + 1

    # A hundred changes of each fed key, in a few rounds.
    assert rounds < 100
    assert max(per_key.values()) <= rounds
    assert run.echo.table()["k1"] == 100


def test_a_row_that_goes_leaves_a_tombstone(run: Run) -> None:
    last = [m for m in run.echo.read(run.echo.changelog) if m.key() == b"gone"][-1]

    assert last.value() is None


def test_health_says_live_before_and_ready_after_the_assignment(run: Run) -> None:
    assert run.live_early == 200
    assert '"ready": true' in run.ready
    assert f'"{run.echo.source}/0"' in run.ready


METRICS = (
    "transport_rounds_total",
    "transport_records_in_total",
    "transport_rows_written_total",
    "transport_dead_letters_total",
    "transport_rebalances_total",
    "transport_round_seconds_count",
    "transport_transaction_seconds_count",
    "transport_restore_seconds",
    "transport_ready",
    "transport_lag_records",
)


@pytest.mark.parametrize("name", METRICS)
def test_metrics(run: Run, name: str) -> None:
    assert re.search(rf"^{name}(\{{.*\}})? [\d.e+-]+$", run.metrics, re.MULTILINE)


def _metric(run: Run, name: str) -> str:
    found = re.search(rf"^{name} (\S+)$", run.metrics, re.MULTILINE)
    assert found is not None
    return found.group(1)
