"""Another interleaving has the same steps, and exchanges only what may be exchanged."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tradeflow.simulation.exchange import PARTITIONS
from tradeflow.simulation.log import SimulatedLog
from tradeflow.simulation.promises.interleaving import Step, interleaved, rounds_of, steps_of
from tradeflow.simulation.promises.owners import Owners
from tradeflow.simulation.rounds import Round, Take, Turn
from tradeflow.simulation.run import Simulation, SimulationSettings
from tradeflow.simulation.workload import ACCOUNTS

TOPICS = ("a", "b", "c")
AGENTS = {"a": (0, 1), "b": (1,), "c": (2,)}


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Step], dict[Take, str]]:
    ends = dict.fromkeys([(topic, number) for topic in TOPICS for number in (0, 1)], 0)
    steps: list[Step] = []
    owners: dict[Take, str] = {}
    for _ in range(draw(st.integers(0, 30))):
        topic, number = draw(st.sampled_from(sorted(ends)))
        take = Take(topic, number, ends[topic, number], 1)
        ends[topic, number] += 1
        owners[take] = draw(st.sampled_from(("", "ann", "ben", "cid")))
        steps += [Step(take, agent) for agent in AGENTS[topic]]
    return steps, owners


@given(histories(), st.integers(0, 99))
def test_what_must_keep_its_order_keeps_it(
    history: tuple[list[Step], dict[Take, str]], seed: int
) -> None:
    steps, owners = history
    other = interleaved(steps, owners.__getitem__, Random(seed))

    assert sorted(other) == sorted(steps)
    place = {step: at for at, step in enumerate(other)}
    for at, first in enumerate(steps):
        for second in steps[at + 1 :]:
            marks = {owners[first.take], owners[second.take]}
            is_tied = len(marks) == 1 or "" in marks or first.agent == second.agent
            if first.take.partition == second.take.partition and is_tied:
                assert place[first] < place[second]


def test_others_change_places() -> None:
    ann, ben = Step(Take("b", 0, 0, 1), 1), Step(Take("c", 0, 0, 1), 2)
    owners = {ann.take: "ann", ben.take: "ben"}
    orders = {tuple(interleaved([ann, ben], owners.__getitem__, Random(n))) for n in range(20)}
    assert orders == {(ann, ben), (ben, ann)}


def test_rounds_are_steps_in_their_order() -> None:
    took = Round([Take("a", 0, 3, 2), Take("c", 0, 0, 1)], [Turn(1, 2), Turn(0, 0), Turn(0, 1)])
    steps = steps_of([took])
    assert [(step.take.topic, step.take.start, step.agent) for step in steps] == [
        ("c", 0, 2),
        ("a", 3, 0),
        ("a", 4, 0),
        ("a", 3, 1),
        ("a", 4, 1),
    ]
    rounds = rounds_of(steps, Random(1), most=2)
    assert steps_of(rounds) == steps
    assert max(len(each.takes) for each in rounds) == 2


def test_a_run_has_something_to_exchange() -> None:
    simulation = Simulation(5, SimulationSettings(commands=60))
    assert simulation.run().holds
    steps = steps_of(simulation.exchange.stages["orders"].history)
    owners = Owners(simulation.log)
    other = interleaved(steps, owners, Random(1))
    for number in range(PARTITIONS):
        before = [step for step in steps if step.take.partition == number]
        after = [step for step in other if step.take.partition == number]
        assert sum(a != b for a, b in zip(before, after, strict=True)) > 3


def test_accounts_live_in_every_partition() -> None:
    log = SimulatedLog({"any": PARTITIONS}, stamped=(), now_ms=0)
    for number in range(PARTITIONS):
        own = [each for each in ACCOUNTS if log.partition_of("any", each.encode()) == number]
        assert len(own) > 1
