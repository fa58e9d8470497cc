"""Each benchmark that needs no broker runs and gives figures that say something.

How fast anything is, is no test's business.
"""

import json
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.figure import Figure
from bench.registry import BENCHMARKS, Benchmark
from bench.run import Run
from tradeflow.cli import app
from tradeflow.errors import TradeflowError

PURE = [name for name, benchmark in BENCHMARKS.items() if not benchmark.needs_kafka]


@pytest.mark.parametrize("name", PURE)
def test_runs_and_gives_well_formed_figures(name: str, tmp_path: Path) -> None:
    said: list[str] = []

    figures = BENCHMARKS[name].measure(Run(folder=tmp_path, say=said.append, is_quick=True))

    assert figures
    assert said
    assert len({figure.name for figure in figures}) == len(figures)
    for figure in figures:
        assert figure.benchmark == name
        assert figure.name
        assert figure.unit
        assert figure.value > 0
        assert math.isfinite(figure.value)
        if figure.beside:
            assert figure.ratio is not None
            assert figure.ratio > 0


def test_command_prints_json_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(app, ["bench", "codec", "--quick", "--json"])

    assert result.exit_code == 0, result.output
    shown = json.loads(result.stdout)
    assert shown["machine"]["cores"] >= 1
    assert 0 <= shown["machine"]["stolen_percent"] <= 100
    assert [figure["benchmark"] for figure in shown["figures"]] == ["codec", "codec"]
    assert list((tmp_path / ".tradeflow" / "bench").iterdir()) == []


def test_one_that_fails_takes_no_figures_of_others_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: Benchmark, _run: Run) -> list[Figure]:
        raise TradeflowError("there is no rival here")

    measure = Benchmark.measure
    monkeypatch.setattr(
        Benchmark,
        "measure",
        lambda self, run: fail(self, run) if self.name == "ledger" else measure(self, run),
    )
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(app, ["bench", "ledger", "codec", "--quick", "--json"])

    assert isinstance(result.exception, TradeflowError)
    shown = json.loads(result.stdout)
    assert [figure["benchmark"] for figure in shown["figures"]] == ["codec", "codec"]


def test_command_lists_the_benchmarks() -> None:
    result = CliRunner().invoke(app, ["bench", "--list"])

    assert [line.split()[0] for line in result.stdout.splitlines()] == list(BENCHMARKS)
