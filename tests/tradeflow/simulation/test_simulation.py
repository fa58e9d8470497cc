"""Seeds: each is one run of the whole exchange with its faults, and every promise is kept."""

import os

import pytest

from tradeflow.simulation.run import Simulation, SimulationSettings

SEEDS = int(os.environ.get("TRADEFLOW_SIMULATION_SEEDS", "500"))
COMMANDS = int(os.environ.get("TRADEFLOW_SIMULATION_COMMANDS", "60"))
CHUNK = 50


def run(seed: int, **settings: object) -> "object":
    return Simulation(seed, SimulationSettings(commands=COMMANDS, **settings)).run()  # type: ignore[arg-type]


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_every_promise_is_kept(first: int) -> None:
    for seed in range(first, min(first + CHUNK, SEEDS)):
        report = Simulation(seed, SimulationSettings(commands=COMMANDS)).run()
        assert report.holds, (
            f"tradeflow simulate --seed {seed} --commands {COMMANDS}: {report.failure}"
        )
