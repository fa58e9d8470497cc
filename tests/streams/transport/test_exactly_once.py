"""Outputs are exactly 1..N for every key, in order, whatever is done to workers and broker."""

import os
import random
from collections.abc import Iterator
from pathlib import Path
from signal import SIGCONT, SIGSTOP

import pytest

from streams.transport import ExitCode
from tests.streams.transport.conftest import NewEcho
from tests.streams.transport.echo import PARTITIONS, Echo, Load
from tests.streams.transport.gates import Gates, start
from tests.streams.transport.workers import Worker, wait_until
from tradeflow.broker import BrokerSettings, EmbeddedBroker

KILLS = int(os.environ.get("TRADEFLOW_KILLS", "3"))
SESSION_MS = 3_000


def some_more(echo: Echo, records: int) -> None:
    """Return when so many more outputs have come."""
    echo.await_outputs(min(echo.outputs_seen + records, echo.fed + records))


def supervise(echo: Echo, worker: Worker, wanted: int) -> Worker:
    """Start the worker again whenever it ends, as a supervisor would, until outputs have come."""

    def some_came() -> bool:
        nonlocal worker
        if not worker.running:
            # The broker did not answer in time, or came back without knowing its member.
            code = worker.exit_code()
            assert code in (ExitCode.BROKER, ExitCode.FENCED), worker.log[-3000:]
            worker = echo.start()
        return echo.look_for_outputs() >= wanted

    wait_until(some_came, f"{wanted} outputs", seconds=120)
    return worker


def finish(echo: Echo, *workers: Worker) -> None:
    """Let all be processed, then stop what runs."""
    echo.await_outputs()
    assert [worker.stop() for worker in workers] == [ExitCode.CLEAN] * len(workers)


@pytest.mark.timeout(120 + 20 * KILLS)
def test_kill_9_at_random_moments(echo: Echo) -> None:
    chance = random.Random()
    worker = echo.start()
    worker.wait_ready()
    with Load(echo):
        for _ in range(KILLS):
            some_more(echo, chance.randrange(1, 1_500))
            worker.kill()
            worker = echo.start()
        some_more(echo, 1_000)
    finish(echo, worker)

    assert echo.faults() == []


def test_workers_join_and_leave_under_load(new_echo: NewEcho) -> None:
    echo = new_echo(session_timeout_ms=SESSION_MS)
    first = echo.start(0)
    first.wait_ready()
    with Load(echo):
        some_more(echo, 500)
        second, third = echo.start(1), echo.start(2)
        second.wait_ready()
        third.wait_ready()
        some_more(echo, 500)
        assert second.stop() == ExitCode.CLEAN
        third.kill()
        wait_until(lambda: len(first.assigned()) == PARTITIONS, "one owner of all")
        some_more(echo, 500)
    finish(echo, first)

    assert echo.faults() == []


def test_a_zombie_in_a_round_is_fenced_and_changes_nothing(new_echo: NewEcho, gates: Gates) -> None:
    echo = new_echo(session_timeout_ms=SESSION_MS)
    zombie = start(echo, gates, 0, "stall-in-round")
    zombie.wait_ready()
    echo.feed(400)
    echo.await_outputs()
    gates.open("armed")
    echo.feed(400)
    zombie.wait_for("waiting at gate offsets")
    zombie.signal(SIGSTOP)
    owner = echo.start(1)
    # Nothing of the open transaction may be read, so this takes until the broker aborts it.
    owner.wait_ready()
    echo.await_outputs()
    gates.open("offsets")
    zombie.signal(SIGCONT)
    assert zombie.exit_code() == ExitCode.FENCED
    finish(echo, owner)

    assert echo.faults() == []


def test_a_worker_asleep_at_any_moment_changes_nothing(new_echo: NewEcho) -> None:
    echo = new_echo(session_timeout_ms=SESSION_MS)
    zombie, other = echo.start(0), echo.start(1)
    zombie.wait_ready()
    other.wait_ready()
    with Load(echo):
        wait_until(lambda: len(other.assigned()) == PARTITIONS // 2, "two owners")
        some_more(echo, 1_000)
        zombie.signal(SIGSTOP)
        wait_until(lambda: len(other.assigned()) == PARTITIONS, "one owner of all")
        some_more(echo, 500)
        zombie.signal(SIGCONT)
        # It was in a round, and is fenced; or between two, and may join again.
        some_more(echo, 2_000)
    finish(echo, other)
    if zombie.running:
        zombie.stop()
    assert zombie.exit_code() in (ExitCode.FENCED, ExitCode.CLEAN)

    assert echo.faults() == []


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    broker = EmbeddedBroker(BrokerSettings(port=0, data_dir=tmp_path / "kafka"))
    broker.start()
    yield broker
    broker.stop()


@pytest.mark.timeout(300)
def test_the_broker_is_killed_and_comes_back_and_is_killed_again(
    own_broker: EmbeddedBroker, new_echo: NewEcho
) -> None:
    # Small rounds over a backlog: the broker dies in the middle of one, and no client of the test
    # is there to be confused by that.
    echo = new_echo(bootstrap=own_broker.bootstrap, broker_wait_seconds=60.0, round_max_records=50)
    echo.make_topics()
    echo.feed(20_000)
    worker = echo.start()
    some_more(echo, 2_000)
    own_broker.kill()
    assert echo.outputs_seen < echo.fed
    own_broker.start()
    echo.forget_outputs()
    worker = supervise(echo, worker, echo.fed)

    assert echo.faults() == []

    own_broker.kill()
    # A stop does not wait for a broker that is gone.
    assert worker.stop(seconds=7.0) in (ExitCode.CLEAN, ExitCode.BROKER)
