"""Agents that fail: the round ends undone, the record is tried again, and nothing is skipped."""

import re
import signal
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from confluent_kafka import KafkaError, Producer
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource

from schemas.topics import ORDERS_COMMANDS
from streams.transport import ExitCode
from tests.streams.transport.conftest import NewEcho
from tests.streams.transport.echo import Echo, text
from tests.streams.transport.gates import Gates, start

FAULTS = 3


def others(echo: Echo) -> None:
    """Records of every partition, before and behind the poisoned one."""
    echo.feed(400)


def test_a_poisoned_record_stops_its_worker_for_good_and_is_never_skipped(
    new_echo: NewEcho,
) -> None:
    # Rounds of ten: others of its partition, and of other partitions, get through before it.
    echo = new_echo(max_faults=FAULTS, round_max_records=10)
    echo.make_topics()
    others(echo)
    echo.producer().produce(echo.source, b"poison", "victim")
    others(echo)
    codes = []
    for _ in range(FAULTS):
        worker = echo.start()
        codes.append(worker.exit_code())
        assert re.search(r"fault \d at " + echo.source + r"/\d/\d+", worker.log)
    assert codes == [ExitCode.FAULT] * (FAULTS - 1) + [ExitCode.POISONED]
    assert "What to do: ALERT" in worker.log
    assert [m for m in echo.read(echo.out) if m.key() == b"victim"] == []

    repaired = echo.start(env={"ECHO_TOLERATES_POISON": "1"})
    echo.await_outputs(echo.fed + 1)
    assert repaired.stop() == ExitCode.CLEAN

    assert [text(m.key()) for m in echo.read(echo.out)].count("victim") == 1
    assert echo.faults() == []
    # What was remembered of the fault is over.
    assert not list(echo.state_dir.rglob("faults.json"))


def test_a_repaired_worker_needs_no_second_start(new_echo: NewEcho) -> None:
    # In the first round of every process: where each began has been counted as often as the fault.
    echo = new_echo(max_faults=FAULTS)
    echo.make_topics()
    echo.producer().produce(echo.source, b"poison", "victim")
    echo.producer().flush()
    codes = [echo.start().exit_code() for _ in range(FAULTS)]
    assert codes == [ExitCode.FAULT] * (FAULTS - 1) + [ExitCode.POISONED]

    repaired = echo.start(env={"ECHO_TOLERATES_POISON": "1"})
    echo.await_outputs(1)
    assert repaired.stop() == ExitCode.CLEAN


def test_a_record_that_kills_its_worker_without_a_word_stops_it_for_good(
    new_echo: NewEcho, gates: Gates
) -> None:
    echo = new_echo(max_faults=FAULTS, round_max_records=10)
    echo.make_topics()
    others(echo)
    echo.producer().produce(echo.source, b"poison", "victim")
    others(echo)
    # The first may have got through other rounds before.
    codes = [start(echo, gates, 0, "agent-dies").exit_code() for _ in range(FAULTS + 1)]
    if codes[-1] != ExitCode.POISONED:
        codes.append(start(echo, gates, 0, "agent-dies").exit_code())
    assert codes[-1] == ExitCode.POISONED
    assert set(codes[:-1]) == {-signal.SIGKILL}
    assert f"{FAULTS} workers ended without a word at {echo.source}/" in echo.workers[-1].log

    repaired = echo.start(env={"ECHO_TOLERATES_POISON": "1"})
    echo.await_outputs(echo.fed + 1)
    assert repaired.stop() == ExitCode.CLEAN
    assert echo.faults() == []
    assert not list(echo.state_dir.rglob("faults.json"))


@pytest.mark.parametrize(
    "end",
    [
        "cancelled",
        "returned",
        "exits",
        "huge-output",
        "huge-row",
        "refused-output",
        "refused-early",
    ],
)
def test_an_agent_that_ends_without_an_exception_of_its_own(
    echo: Echo, gates: Gates, end: str
) -> None:
    echo.make_topics()
    others(echo)
    echo.producer().produce(echo.source, b"poison", "victim")
    others(echo)
    worker = start(echo, gates, 0, f"agent-{end}")

    assert worker.exit_code() == ExitCode.FAULT, worker.log[-2000:]
    assert "fault 1 at " in worker.log

    repaired = echo.start(env={"ECHO_TOLERATES_POISON": "1"})
    echo.await_outputs(echo.fed + 1)
    assert repaired.stop() == ExitCode.CLEAN
    assert echo.faults() == []


def test_a_fault_that_cannot_be_noted_ends_the_worker_all_the_same(
    echo: Echo, gates: Gates
) -> None:
    echo.make_topics()
    echo.producer().produce(echo.source, b"poison", "victim")
    echo.producer().flush()

    worker = start(echo, gates, 0, "agent-on-a-full-disk")

    assert worker.exit_code() == ExitCode.FAULT
    assert "the fault could not be noted: [Errno 28]" in worker.log


def test_what_a_batch_left_behind_cannot_reach_a_later_round(echo: Echo, gates: Gates) -> None:
    echo.make_topics()
    echo.producer().produce(echo.source, b"poison", "victim")
    echo.producer().flush()
    worker = start(echo, gates, 0, "agent-leaves-a-task")
    others(echo)
    echo.await_outputs()
    worker.wait_for("the batch that ended at .* is finished")
    assert worker.stop() == ExitCode.CLEAN
    assert echo.faults() == []


def test_two_agents_of_one_topic_have_places_of_their_own(echo: Echo, gates: Gates) -> None:
    worker = start(echo, gates, 0, "agent-twice")
    others(echo)
    echo.await_outputs(2 * echo.fed)
    assert worker.stop() == ExitCode.CLEAN

    causes = [dict(m.headers() or [])["causation-id"] for m in echo.read(echo.out)]  # type: ignore[arg-type]
    assert len(set(causes)) == echo.fed
    assert len(causes) == 2 * echo.fed


def test_health_while_live_and_after_a_restart(echo: Echo) -> None:
    worker = echo.start(web_port=0)
    url = worker.wait_for(r"http://\S+")
    try:
        with urlopen(f"{url}/health/ready") as answer:
            assert answer.status == 200
    except HTTPError as exc:
        assert exc.code == 503
    worker.wait_ready()
    with urlopen(f"{url}/health/ready") as answer:
        assert answer.status == 200
    assert worker.stop() == ExitCode.CLEAN


def test_a_small_send_queue_holds_the_agent_back_and_loses_nothing(new_echo: NewEcho) -> None:
    echo = new_echo(extra_producer={"queue.buffering.max.messages": 50})
    worker = echo.start()
    echo.feed(4_000, keys=400)
    echo.await_outputs()
    assert worker.stop() == ExitCode.CLEAN

    assert echo.faults() == []


def test_a_worker_that_hangs_with_pythons_lock_is_ended_and_says_where(
    new_echo: NewEcho, gates: Gates
) -> None:
    echo = new_echo(transaction_timeout_ms=1_000)
    echo.make_topics()
    echo.producer().produce(echo.source, b"poison", "victim")
    echo.producer().flush()

    hung = start(echo, gates, 0, "agent-hangs")

    assert hung.exit_code() == 1
    assert "Timeout (0:00:03)!" in hung.log
    assert "in agent_hangs" in hung.log or "in <lambda>" in hung.log
    repaired = echo.start(env={"ECHO_TOLERATES_POISON": "1"})
    echo.await_outputs(1)
    assert repaired.stop() == ExitCode.CLEAN


def test_a_round_that_works_for_longer_than_its_transaction_stops_its_worker_for_good(
    new_echo: NewEcho, gates: Gates
) -> None:
    # It is fenced each time, and that alone would be taken for a successor's doing for ever.
    echo = new_echo(max_faults=2, transaction_timeout_ms=1_000)
    echo.make_topics()
    # The first one's output opens the transaction, at the second one it works.
    for value in (b"v", b"poison"):
        echo.producer().produce(echo.source, value, "victim")
    echo.producer().flush()

    workers = []
    for _ in range(2):
        workers.append(start(echo, gates, 0, "agent-works-too-long"))
        workers[-1].exit_code()

    assert [w.exit_code() for w in workers] == [ExitCode.FAULT, ExitCode.POISONED]
    assert "was fenced" in workers[0].log
    repaired = echo.start(env={"ECHO_TOLERATES_POISON": "1"})
    echo.await_outputs(2)
    assert repaired.stop() == ExitCode.CLEAN


@pytest.mark.parametrize("value", [b"v", b"bad"])
def test_a_header_without_a_value_is_no_fault(new_echo: NewEcho, value: bytes) -> None:
    echo = new_echo()
    echo.make_topics()
    worker = echo.start()
    headers = [("event-time", None)]
    echo.producer().produce(echo.source, value, "k0", headers=headers)  # type: ignore[arg-type]
    echo.feed(20)

    echo.await_outputs(echo.fed + (value != b"bad"))

    assert worker.stop() == ExitCode.CLEAN
    assert len(echo.read(echo.dead_letters)) == (value == b"bad")


def a_bomb(echo: Echo) -> KafkaError | None:
    """120 MB in 4 KB, on the input; what the broker says to it."""
    said: list[KafkaError | None] = []
    producer = Producer(
        {
            "bootstrap.servers": echo.bootstrap,
            "compression.type": "zstd",
            "message.max.bytes": 1_000_000_000,
            "queue.buffering.max.kbytes": 2_000_000,
        }
    )
    producer.produce(echo.source, bytes(120 << 20), "k0", on_delivery=lambda e, _: said.append(e))
    producer.flush(60)
    return said[0]


def test_what_cannot_be_unpacked_stops_its_worker_for_good(new_echo: NewEcho) -> None:
    echo = new_echo(max_faults=2)
    echo.make_topics()
    assert a_bomb(echo) is None

    codes = [echo.start().exit_code() for _ in range(2)]

    assert codes == [ExitCode.FAULT, ExitCode.POISONED]


def test_a_topic_that_is_kept_unpacked_takes_no_bomb(new_echo: NewEcho) -> None:
    echo = new_echo()
    echo.make_topics()
    resource = ConfigResource(ConfigResource.Type.TOPIC, echo.source)
    resource.add_incremental_config(
        ConfigEntry("compression.type", "uncompressed", incremental_operation=AlterConfigOpType.SET)
    )
    for done in echo.admin.incremental_alter_configs([resource]).values():
        done.result(20)

    error = a_bomb(echo)

    assert error is not None
    assert error.code() == KafkaError.MSG_SIZE_TOO_LARGE
    assert ORDERS_COMMANDS.settings()["compression.type"] == "uncompressed"
