"""Joins on a real broker: exactly the reference's results, whatever is done to the workers."""

import os
import random
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.transport import ExitCode
from tests.fixtures.kafka import TestBroker
from tests.streams.join_worker import LEAVE
from tests.streams.joined import HOLD, KINDS, PARTITIONS, JoinedPipeline
from tests.streams.transport.workers import wait_until

KILLS = int(os.environ.get("TRADEFLOW_KILLS", "3"))
FAR = 10**9
ONLY_CLOCKS = Counter({"clock": PARTITIONS})


@pytest.fixture
def pipeline(broker: TestBroker, unique: str, tmp_path: Path) -> Iterator[JoinedPipeline]:
    made = JoinedPipeline(broker.bootstrap, unique, tmp_path)
    made.make_topics(**{made.right: PARTITIONS, f"{unique}-facts": 4, f"{unique}-questions": 4})
    yield made
    made.end()


class Load:
    """Asks and answers, a little out of order, some late, some twice; one input ahead in turn."""

    def __init__(self, pipeline: JoinedPipeline, seed: int) -> None:
        self.pipeline = pipeline
        self.chance = random.Random(seed)
        self.now = 1_000
        self._over = threading.Event()
        self._failure: list[BaseException] = []
        self._thread = threading.Thread(target=self._run)

    def burst(self, count: int = 100) -> None:
        """Some records of both inputs; answers come when all asks have been sent."""
        chance = self.chance
        answers = []
        for _ in range(count):
            self.now += chance.choice([0, 0, 1])
            key = f"k{self.now // 40}-{chance.randrange(8)}"
            behind = chance.choice([0, 0, 0, 5, 30, 80])
            self.pipeline.ask(self.now - behind, key)
            if chance.random() < 0.7:
                answers.append((self.now + chance.randrange(-15, 60), key))
        for time, key in answers:
            self.pipeline.answer(time, key)
            if chance.random() < 0.1:
                self.pipeline.answer(time, key)

    def _run(self) -> None:
        try:
            while not self._over.wait(0.04):
                self.burst()
        except BaseException as exc:
            self._failure.append(exc)

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        assert not self._failure, self._failure


@pytest.mark.timeout(120 + 20 * KILLS)
def test_kill_9_at_random_moments_with_two_workers(pipeline: JoinedPipeline) -> None:
    chance = random.Random()
    workers = [pipeline.start(0), pipeline.start(1)]
    for worker in workers:
        worker.wait_ready()
    with Load(pipeline, seed=chance.randrange(10**6)):
        for _ in range(KILLS):
            pipeline.await_outputs(pipeline.outputs_seen + chance.randrange(1, 2_000))
            slot = chance.randrange(2)
            workers[slot].kill()
            workers[slot] = pipeline.start(slot)
        # One leaves, and its partitions move to the other and back.
        workers[1].wait_ready()
        assert workers[1].stop() == ExitCode.CLEAN
        workers[1] = pipeline.start(1)
        pipeline.await_outputs(pipeline.outputs_seen + 2_000)
    pipeline.finish(FAR)

    pipeline.check()
    for kind in KINDS:
        assert pipeline.rows(kind) == ONLY_CLOCKS
    assert any(reference.late() for reference in pipeline.reference("left"))
    assert [worker.stop() for worker in workers] == [ExitCode.CLEAN] * 2


def test_an_idle_input_closes_nothing_until_its_ticks(pipeline: JoinedPipeline) -> None:
    pipeline.start().wait_ready()
    pipeline.ask(1_000, "alone", partition=2)
    # The asks' own clock is far beyond, and that of the answers one short of the end.
    pipeline.finish(FAR, topics=(pipeline.source,))
    pipeline.finish(1_000 + HOLD, topics=(pipeline.right,))
    assert pipeline.results("left") == Counter()

    pipeline.finish(1_001 + HOLD, topics=(pipeline.right,))

    assert pipeline.results("left") == Counter({("alone", "1 - 1000"): 1})
    assert pipeline.rows("left") == ONLY_CLOCKS
    pipeline.check()


def test_an_input_that_was_paused_is_waited_for(pipeline: JoinedPipeline) -> None:
    worker = pipeline.start()
    worker.wait_ready()
    for number in range(2_000):
        pipeline.ask(1_000 + number, f"k{number}")
    pipeline.finish(FAR, topics=(pipeline.source,))
    assert pipeline.results("left") == Counter()
    worker.kill()
    # The next one restores what waits.
    worker = pipeline.start()
    for number in range(0, 2_000, 2):
        pipeline.answer(1_000 + number + 20, f"k{number}")
    pipeline.finish(FAR, "end", topics=(pipeline.right,))

    assert pipeline.results("inner").total() == 1_000
    assert pipeline.results("left").total() == 2_000
    pipeline.check()
    assert pipeline.rows("left") == pipeline.rows("inner") == ONLY_CLOCKS


def test_what_cannot_be_joined_is_a_dead_letter(pipeline: JoinedPipeline) -> None:
    pipeline.start().wait_ready()
    produce = pipeline.producer().produce
    produce(pipeline.source, b"nonsense", "key")
    produce(pipeline.source, None, "key")
    produce(pipeline.right, b"%d key 1" % (10**15), "key")
    pipeline.finish(FAR)

    reasons = Counter(
        dict(letter.headers() or [])["dead-letter-reason"]
        for letter in pipeline.read(pipeline.dead_letters)
    )
    # Of each of the two agents.
    assert reasons == Counter({b"NO_RECORD": 2, b"NO_VALUE": 2, b"TIME_AHEAD": 2})


def test_an_agent_that_leaves_a_batch_early_ends_the_worker(pipeline: JoinedPipeline) -> None:
    worker = pipeline.start()
    worker.wait_ready()
    pipeline.tick(1_000, LEAVE, topics=(pipeline.source,))

    assert worker.exit_code() == ExitCode.FAULT
    assert "left the joined batch" in worker.log
    assert pipeline.results("left") == Counter()


def test_values_meet_the_rows_of_a_table(pipeline: JoinedPipeline) -> None:
    worker = pipeline.start()
    worker.wait_ready()
    produce = pipeline.producer().produce
    produce(f"{pipeline.name}-facts", b"blue", "sky")
    pipeline.producer().flush()
    wait_until(lambda: pipeline.read(f"{pipeline.name}-facts-changelog"), "the fact's row")
    produce(f"{pipeline.name}-questions", b"1 sky q1", "sky")
    produce(f"{pipeline.name}-questions", b"2 sea q2", "sea")
    pipeline.producer().flush()

    found = f"{pipeline.name}-found"
    wait_until(lambda: len(pipeline.read(found)) == 3, "three answers")
    assert Counter(message.value() for message in pipeline.read(found)) == Counter(
        [b"with-fact q1 blue", b"with-or-without q1 blue", b"with-or-without q2 None"]
    )
