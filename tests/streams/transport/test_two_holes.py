"""The two races that lose or double data in a plain transactional consumer, forced.

Each is run against the transport, and against a worker without the remedy, where the same check
must find the damage: else the test would prove nothing.
"""

from signal import SIGCONT, SIGSTOP

import pytest

from tests.streams.transport.conftest import NewEcho
from tests.streams.transport.echo import PARTITIONS, Echo
from tests.streams.transport.gates import Gates, start


def rebalance_in_a_take(echo: Echo, gates: Gates, *variant: str) -> None:
    """The first worker takes records; before they are processed half of them have a new owner."""
    first = start(echo, gates, 0, "rebalance-mid-take", *variant)
    first.wait_ready()
    echo.feed(400)
    echo.await_outputs()
    gates.open("armed")
    echo.feed(400)
    first.wait_for("in the middle of a take")
    second = echo.start(1)
    second.wait_ready()
    gates.open("take")
    echo.await_outputs()
    assert len(second.assigned()) == PARTITIONS // 2
    assert (first.stop(), second.stop()) == (0, 0)


def test_a_rebalance_in_the_middle_of_a_take_changes_nothing(echo: Echo, gates: Gates) -> None:
    rebalance_in_a_take(echo, gates)

    assert echo.faults() == []


@pytest.mark.variant
def test_metadata_of_now_doubles_what_a_rebalance_in_a_take_moved(echo: Echo, gates: Gates) -> None:
    rebalance_in_a_take(echo, gates, "metadata-of-now")

    assert echo.faults() != []


def stall_before_the_end(echo: Echo, gates: Gates, *variant: str, release_at: str) -> None:
    """A worker stalls with its offsets in a transaction; its partitions get a new owner, and then
    it ends the transaction after all.
    """
    stalled = start(echo, gates, 0, "stall-before-end")
    stalled.wait_ready()
    echo.feed(400)
    echo.await_outputs()
    gates.open("armed")
    echo.feed(400)
    stalled.wait_for("waiting at gate end")
    stalled.signal(SIGSTOP)
    # A second member would make the first rejoin; the stopped one is out when its session ends.
    owner = start(echo, gates, 1, "say-when-asking", *variant)
    owner.wait_for(release_at)
    gates.open("end")
    stalled.signal(SIGCONT)
    stalled.wait_for("passed gate end")
    owner.wait_for(r"ready with \d partitions")
    # What the owner missed at first shows when it goes on.
    echo.feed(400)
    echo.await_outputs()
    for worker in (stalled, owner):
        if worker.running:
            worker.stop()


@pytest.fixture
def slow_transactions(new_echo: NewEcho) -> Echo:
    """Transactions outlive sessions, as they do at Kafka's default settings."""
    return new_echo(session_timeout_ms=3_000, transaction_timeout_ms=30_000)


def test_a_stall_before_the_end_of_a_transaction_changes_nothing(
    slow_transactions: Echo, gates: Gates
) -> None:
    stall_before_the_end(slow_transactions, gates, release_at=r"asking for the offsets of \d")

    assert slow_transactions.faults() == []


@pytest.mark.variant
def test_offsets_that_are_not_waited_for_double_a_stalled_round(
    slow_transactions: Echo, gates: Gates
) -> None:
    stall_before_the_end(
        slow_transactions, gates, "unstable-offsets", release_at=r"ready with \d partitions"
    )

    assert slow_transactions.faults() != []


def test_a_restore_before_the_offsets_are_known_loses_the_rows_of_a_stalled_round(
    slow_transactions: Echo, gates: Gates
) -> None:
    stall_before_the_end(
        slow_transactions, gates, "restore-first", release_at=r"restored \d partitions"
    )

    assert slow_transactions.faults() != []
