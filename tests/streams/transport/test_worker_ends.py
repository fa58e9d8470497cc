"""How workers end: the exit code, and one clear line that says what to do."""

import os
import re
import socket
import time
from pathlib import Path

import faust
import pytest
from confluent_kafka import TopicPartition

from streams.transport import App, ExitCode, TransportSettings
from streams.transport.errors import ConfigError
from tests.streams.transport.conftest import NewEcho
from tests.streams.transport.echo import PARTITIONS, Echo, Load
from tests.streams.transport.gates import Gates, start
from tests.streams.transport.workers import Worker, wait_until


def last_words(worker: Worker) -> str:
    """The one line in which it says how it ended."""
    lines = re.findall(r"CRITICAL worker ends with code .*", worker.log)
    assert len(lines) == 1, worker.log[-3000:]
    return str(lines[0])


def refused(worker: Worker, *said: str) -> None:
    """It ended because its settings cannot work, and said why."""
    assert worker.exit_code() == ExitCode.CONFIG, worker.log[-2000:]
    words = last_words(worker)
    assert all(part in words for part in said), words


def test_another_partition_count_is_refused(echo: Echo) -> None:
    echo.make_topics(**{echo.out: PARTITIONS + 1})

    refused(echo.start(), f"topic {echo.out} has 5 partitions, but 4 are set")


def test_a_topic_setting_that_the_broker_refuses(echo: Echo) -> None:
    refused(echo.start(replication=7), "creating topic", "replication")


def test_a_client_setting_that_does_not_exist(echo: Echo) -> None:
    refused(echo.start(extra_consumer={"no.such.thing": 1}), "no.such.thing")


def test_a_slot_and_a_port_have_one_worker(echo: Echo) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused(echo.start(web_port=port), f"127.0.0.1:{port}", "the port is taken")
    first = echo.start()
    first.wait_ready()

    refused(echo.start(), "slot", "is taken by process")
    assert first.running


def test_a_state_folder_that_cannot_be_written(new_echo: NewEcho, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()

    refused(new_echo(state_dir=str(in_the_way / "state")).start(), "cannot write to")


def test_a_broker_that_is_not_there(new_echo: NewEcho) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        echo = new_echo(bootstrap=address, broker_wait_seconds=1.0)
        worker = echo.start()
        assert worker.exit_code(20) == ExitCode.BROKER
    assert f"no Kafka broker answers at {address}" in last_words(worker)


def test_a_stop_while_the_broker_is_waited_for(new_echo: NewEcho) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        echo = new_echo(bootstrap=f"127.0.0.1:{unused.getsockname()[1]}", web_port=0)
        worker = echo.start()
        worker.wait_for("serving /health")
        worker.stop(seconds=5.0)


def test_a_plain_faust_app_is_refused() -> None:
    app = faust.App("plain", broker="kafka-eos://127.0.0.1:9")

    with pytest.raises(ConfigError, match="streams.transport.App"):
        _ = app.consumer


def test_agents_side_by_side_are_refused(tmp_path: Path) -> None:
    app = App(TransportSettings(bootstrap="127.0.0.1:9", group="g", state_dir=tmp_path))

    with pytest.raises(ConfigError, match="concurrency=2"):

        @app.agent(app.topic("t"), concurrency=2)
        async def agent(batches: object) -> None:
            """Never runs."""


def test_a_stop_under_load_is_quick_and_frees_the_partitions_at_once(new_echo: NewEcho) -> None:
    echo = new_echo(session_timeout_ms=30_000)
    first = echo.start(0)
    first.wait_ready()
    second = echo.start(1)
    second.wait_ready()
    with Load(echo):
        echo.await_outputs(1_000)
        started = time.monotonic()
        assert first.stop() == ExitCode.CLEAN
        assert time.monotonic() - started < 5
        wait_until(lambda: len(second.assigned()) == PARTITIONS, "one owner", seconds=15)
    echo.await_outputs()
    assert second.stop() == ExitCode.CLEAN

    assert echo.faults() == []


def test_a_restart_in_the_same_slot_disturbs_nobody(new_echo: NewEcho) -> None:
    echo = new_echo(session_timeout_ms=30_000, leave_on_stop=False)
    first, second = echo.start(0), echo.start(1)
    first.wait_ready()
    second.wait_ready()
    wait_until(lambda: len(second.assigned()) == PARTITIONS // 2, "two owners")
    wait_until(lambda: len(first.assigned()) == PARTITIONS // 2, "two owners")
    echo.feed(400)
    echo.await_outputs()
    assignments = second.log.count(" assigned ")
    first.kill()
    echo.feed(400)
    again = echo.start(0)
    again.wait_ready()
    assert again.assigned() == first.assigned()
    echo.await_outputs()

    assert second.log.count(" assigned ") == assignments
    assert (again.stop(), second.stop()) == (0, 0)
    assert echo.faults() == []


def test_what_stands_is_not_restored_again_and_a_stop_does_not_wait_for_a_restore(
    echo: Echo, gates: Gates
) -> None:
    first = echo.start(0)
    first.wait_ready()
    echo.feed(400)
    echo.await_outputs()
    second = echo.start(1)
    second.wait_ready()
    wait_until(lambda: len(first.assigned()) == PARTITIONS // 2, "two owners")
    assert second.stop() == 0
    wait_until(lambda: len(first.assigned()) == PARTITIONS, "one owner")
    first.wait_for("ready with 4 partitions", times=2)
    # At the start all four, of which it kept two when it had to share, and got back two.
    assert re.findall(r"restored (\d) partitions", first.log) == ["4", "2"]
    assert first.stop() == 0
    assert echo.faults() == []

    slow = start(echo, gates, 2, "slow-restore")
    slow.wait_for("restoring slowly")
    assert slow.stop(seconds=5.0) == ExitCode.CLEAN


def test_what_stands_is_kept_while_another_member_holds_a_rebalance_up(
    echo: Echo, gates: Gates
) -> None:
    first = echo.start(0)
    first.wait_ready()
    busy = start(echo, gates, 1, "stall-before-end")
    busy.wait_ready()
    first.wait_for("ready with 2 partitions")
    gates.open("armed")
    echo.feed(400)
    busy.wait_for("waiting at gate end")
    third = echo.start(2)
    first.wait_for("gave up 2 partitions; waiting", seconds=60)
    gates.open("end")
    third.wait_ready()
    first.wait_for("ready with 2 partitions", times=2)
    echo.await_outputs()

    assert re.findall(r"restored (\d) partitions", first.log) == ["4"]
    assert [worker.stop() for worker in (first, busy, third)] == [0, 0, 0]
    assert echo.faults() == []


def test_offsets_that_are_gone_are_no_reason_to_begin_again(echo: Echo) -> None:
    worker = echo.start()
    worker.wait_ready()
    echo.feed(400)
    echo.await_outputs()
    assert worker.stop() == 0
    future = echo.admin.delete_consumer_groups([echo.name])[echo.name]
    future.result()

    refused(echo.start(), "has rows in partition", "no offset there")


def test_records_that_are_gone_are_not_skipped(echo: Echo) -> None:
    worker = echo.start()
    worker.wait_ready()
    assert worker.stop() == 0
    worker = echo.start()
    worker.wait_ready()
    echo.feed(400)
    echo.await_outputs()
    assert worker.stop() == 0
    echo.feed(400)
    cut = [TopicPartition(echo.source, partition, -1) for partition in range(PARTITIONS)]
    for future in echo.admin.delete_records(cut).values():
        future.result()

    refused(echo.start(), "no longer has the offset")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_state_folder_that_is_read_only(new_echo: NewEcho, tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)

    refused(new_echo(state_dir=str(folder / "state")).start(), "cannot write to")


def test_the_same_slot_on_another_machine_fences_this_one(echo: Echo, tmp_path: Path) -> None:
    first = echo.start()
    first.wait_ready()
    # A lock on a file is seen on one machine only.
    second = echo.start(state_dir=str(tmp_path / "another machine"))

    assert first.exit_code() == ExitCode.FENCED, first.log[-2000:]
    second.wait_ready()
    echo.feed(400)
    echo.await_outputs()
    assert second.stop() == ExitCode.CLEAN
    assert echo.faults() == []


def test_a_fence_met_before_the_first_round_is_not_overlooked(
    echo: Echo, gates: Gates, tmp_path: Path
) -> None:
    first = start(echo, gates, 0, "long-asking")
    first.wait_for("asking for the offsets of 4")
    second = echo.start(state_dir=str(tmp_path / "another machine"))

    assert first.exit_code() == ExitCode.FENCED, first.log[-2000:]
    second.wait_ready()
    assert second.stop() == ExitCode.CLEAN


def test_what_a_dead_worker_left_open_is_waited_for_and_a_stop_is_not_held_up(
    new_echo: NewEcho, gates: Gates
) -> None:
    # What it left open must still be open when its session is over and an heir starts.
    echo = new_echo(session_timeout_ms=2_000, transaction_timeout_ms=20_000)
    dead = start(echo, gates, 0, "stall-before-end")
    dead.wait_ready()
    echo.feed(400)
    echo.await_outputs()
    gates.open("armed")
    echo.feed(400)
    dead.wait_for("waiting at gate end")
    dead.kill()

    waiting = echo.start(1)
    waiting.wait_for("waiting, .* for committed offsets")
    assert waiting.stop(seconds=5.0) == ExitCode.CLEAN
    heir = echo.start(1)
    heir.wait_ready()
    echo.await_outputs()
    assert heir.stop() == ExitCode.CLEAN
    assert echo.faults() == []


def test_a_client_that_does_not_close_holds_nothing_up(echo: Echo, gates: Gates) -> None:
    worker = start(echo, gates, 0, "close-fails")
    worker.wait_ready()

    assert worker.stop() == ExitCode.FAULT
    assert "the client did not close" in last_words(worker)
