"""Whatever is killed: every event on money is the twin's, and the books balance."""

import os
import random
from collections.abc import Iterator

import pytest

from streams.transport import ExitCode
from tests.chaos.bank import Bank
from tests.chaos.exchange import await_condition

KILLS = int(os.environ.get("TRADEFLOW_KILLS", "3"))
COMMANDS = 120

pytestmark = pytest.mark.timeout(120 + 10 * KILLS)


@pytest.fixture
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    broken = Bank(tmp_path_factory.mktemp("bank"), seed=20240809)
    try:
        yield broken
    finally:
        broken.close()


def test_killed_at_random_moments_no_cent_is_lost_or_doubled(bank: Bank) -> None:
    rng = random.Random(11)
    worker = bank.start_worker(PYTHONHASHSEED="1")
    at_work = 0
    for kill in range(KILLS):
        wanted = bank.events_written() + rng.randrange(1, COMMANDS)
        while bank.events_written() < wanted:
            bank.feed(COMMANDS // 10)
        worker.kill()
        at_work += not bank.is_done()
        worker = bank.start_worker(PYTHONHASHSEED=str(kill))
    bank.feed(COMMANDS)

    bank.verify()
    # To kill who has nothing to do would prove nothing.
    assert at_work > KILLS / 2
    # Two workers share the partitions, and one goes on alone.
    second = bank.start_worker(1)
    second.await_said(r"ready with \d partitions")
    bank.feed(COMMANDS)
    second.kill()
    bank.feed(COMMANDS)
    bank.verify()
    assert worker.stop() == ExitCode.CLEAN


def test_what_is_no_command_becomes_a_dead_letter_and_the_neighbours_go_on(bank: Bank) -> None:
    bank.start_worker()
    bank.feed(COMMANDS)
    letters = bank.send_garbage()
    bank.feed(COMMANDS)

    bank.verify()
    await_condition(lambda: bank.dead_letters() == letters, f"the letters {letters}")
