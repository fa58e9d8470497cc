"""Seeds: each is one run of the whole exchange with its faults, and every promise is kept."""

import os
import subprocess
import sys
from collections import Counter
from dataclasses import fields

import pytest

from tradeflow.simulation.faults import NO_FAULTS, FaultRates
from tradeflow.simulation.report import SimulationReport
from tradeflow.simulation.run import Simulation, SimulationSettings

SEEDS = int(os.environ.get("TRADEFLOW_SIMULATION_SEEDS", "100"))
COMMANDS = int(os.environ.get("TRADEFLOW_SIMULATION_COMMANDS", "60"))
CHUNK = 50


def run(seed: int, rates: FaultRates | None = None) -> SimulationReport:
    settings = SimulationSettings(commands=COMMANDS, rates=rates or FaultRates())
    return Simulation(seed, settings).run()


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_every_promise_is_kept(first: int) -> None:
    for seed in range(first, min(first + CHUNK, SEEDS)):
        report = run(seed)
        again = f"tradeflow simulate --seed {seed} --commands {COMMANDS}"
        assert report.holds, f"{again}: {report.failure}"


def test_every_fault_happens_and_every_promise_is_looked_at() -> None:
    faults: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    figures: Counter[str] = Counter()
    for seed in range(20):
        report = run(seed)
        faults += report.faults
        outcomes += report.outcomes
        for findings in report.findings:
            figures.update({f"{findings.invariant}": sum(findings.figures.values())})

    assert set(faults) == {each.name for each in fields(FaultRates)}
    assert {"TRADE", "TRADE_PREVENTION", "TRIGGERED", "REPLACED", "EXPIRED"} <= set(outcomes)
    assert set(figures) == {"I1", "I2", "I4", "I5", "I6", "I7", "I8", "money"}
    assert min(figures.values()) > 0


def test_without_faults_there_are_none() -> None:
    report = run(1, NO_FAULTS)

    assert report.holds, report.failure
    assert not report.faults
    assert report.outcomes["TRADE"] > 0


def test_a_seed_gives_the_same_log_whatever_the_hash_seed() -> None:
    def digest(seed: int, hash_seed: str) -> str:
        code = (
            "from tradeflow.simulation.run import Simulation, SimulationSettings;"
            f"print(Simulation({seed}, SimulationSettings(commands=40)).run().digest)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            timeout=100,
            check=True,
        )
        return done.stdout.strip()

    assert digest(7, "1") == digest(7, "2") != digest(8, "1")
