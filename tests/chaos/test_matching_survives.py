"""Whatever is killed, stopped or moved: the outputs are the twin's, record by record."""

import os
import random
import signal

import pytest

from schemas.topics import ORDERS_EXECUTIONS
from streams.transport import ExitCode
from tests.chaos.exchange import Exchange, await_condition
from tests.streams.transport.gates import Gates

KILLS = int(os.environ.get("TRADEFLOW_KILLS", "3"))
COMMANDS = int(os.environ.get("TRADEFLOW_CHAOS_COMMANDS", "400"))

pytestmark = pytest.mark.timeout(120 + 10 * KILLS)


def test_workers_killed_at_random_moments_lose_and_double_nothing(exchange: Exchange) -> None:
    rng = random.Random(7)
    worker = exchange.start_worker(PYTHONHASHSEED="1")
    at_work = 0

    for kill in range(KILLS):
        # Somewhere in the middle of what is being sent.
        _feed_until(exchange, outputs=rng.randrange(1, COMMANDS))
        worker.kill()
        at_work += not exchange.is_answered()
        worker = exchange.start_worker(PYTHONHASHSEED=str(kill))
    exchange.feed(COMMANDS)

    exchange.verify()
    assert worker.stop() == ExitCode.CLEAN
    # To kill who has nothing to do would prove nothing.
    assert at_work > KILLS / 2


@pytest.mark.variant
def test_workers_join_and_leave(exchange: Exchange) -> None:
    exchange.start_worker(0)
    exchange.feed(COMMANDS)
    exchange.flush()
    exchange.start_worker(1)
    exchange.start_worker(2)
    _await_spread(exchange, {0, 1, 2})
    exchange.feed(COMMANDS)
    exchange.flush()
    assert exchange.workers[0].stop() == ExitCode.CLEAN
    exchange.workers[1].kill()
    exchange.feed(COMMANDS)

    exchange.verify()
    assert exchange.workers[2].stop() == ExitCode.CLEAN


@pytest.mark.variant
def test_a_zombie_is_fenced(exchange: Exchange) -> None:
    zombie = exchange.start_worker(0)
    exchange.feed(COMMANDS)
    exchange.flush()
    _await_progress(exchange, at_least=1)
    zombie.signal(signal.SIGSTOP)
    exchange.start_worker(1)
    exchange.feed(COMMANDS)

    exchange.verify()  # worker 1 has done it all, so the zombie's session is over
    zombie.signal(signal.SIGCONT)
    exchange.feed(COMMANDS)
    exchange.flush()
    exchange.verify()
    for worker in (zombie, exchange.workers[1]):
        # Woken in the middle of a transaction, it may learn first that its sends are too late.
        assert worker.stop() in (ExitCode.CLEAN, ExitCode.FENCED, ExitCode.BROKER)


@pytest.mark.variant
def test_a_rebalance_in_the_middle_of_a_take(exchange: Exchange, gates: Gates) -> None:
    first = exchange.start_worker(0, "rebalance-mid-take", gates=gates)
    exchange.feed(COMMANDS)
    exchange.verify()
    gates.open("armed")
    exchange.feed(COMMANDS)
    exchange.flush()
    first.await_said("in the middle of a take")
    second = exchange.start_worker(1)
    second.await_said(r"ready with \d partitions")
    gates.open("take")
    exchange.feed(COMMANDS)

    exchange.verify()
    assert (first.stop(), second.stop()) == (ExitCode.CLEAN, ExitCode.CLEAN)


@pytest.mark.variant
def test_a_stall_between_the_offsets_and_the_end_of_a_transaction(
    exchange: Exchange, gates: Gates
) -> None:
    slow = {"TRADEFLOW_TRANSACTION_TIMEOUT_MS": "30000"}  # it outlives the session
    stalled = exchange.start_worker(0, "stall-before-end", gates=gates, **slow)
    exchange.feed(COMMANDS)
    exchange.verify()
    gates.open("armed")
    exchange.feed(COMMANDS)
    exchange.flush()
    stalled.await_said("waiting at gate end")
    stalled.signal(signal.SIGSTOP)
    owner = exchange.start_worker(1, "say-when-asking", gates=gates, **slow)
    owner.await_said(r"asking for the offsets of \d")
    gates.open("end")
    stalled.signal(signal.SIGCONT)
    stalled.await_said("passed gate end")
    exchange.feed(COMMANDS)

    exchange.verify()
    assert owner.stop() == ExitCode.CLEAN
    assert stalled.stop() in (ExitCode.CLEAN, ExitCode.FENCED)


def test_the_broker_killed_and_restarted(exchange: Exchange) -> None:
    exchange.start_worker(0)
    exchange.feed(COMMANDS)
    exchange.flush()
    _await_progress(exchange, at_least=1)
    exchange.broker.kill()
    exchange.broker.start()
    exchange.feed(COMMANDS)
    exchange.flush()
    # A worker that meets the outage in the middle of a round ends, and its supervisor starts it.
    await_condition(exchange.tend, "every command", seconds=100)

    exchange.verify()


def _feed_until(exchange: Exchange, *, outputs: int) -> None:
    """Send commands, a few at a time, until so many more outputs are there."""
    wanted = exchange.end(ORDERS_EXECUTIONS.name) + outputs

    def is_there() -> bool:
        waiting = exchange.unanswered()
        if waiting is not None and waiting < COMMANDS:
            exchange.feed(COMMANDS // 10)
            exchange.flush()
        return exchange.end(ORDERS_EXECUTIONS.name) > wanted

    await_condition(is_there, f"{outputs} outputs", every=0.005)


def _await_progress(exchange: Exchange, *, at_least: int) -> None:
    """Wait until some more outputs are visible than there were."""
    before = exchange.end(ORDERS_EXECUTIONS.name)
    await_condition(
        lambda: exchange.end(ORDERS_EXECUTIONS.name) > before + at_least or exchange.is_answered(),
        "some outputs",
    )


def _await_spread(exchange: Exchange, slots: set[int]) -> None:
    """Wait until each of these workers was assigned something and has its tables."""

    for slot in sorted(slots):
        exchange.workers[slot].await_said(r"ready with \d partitions")
