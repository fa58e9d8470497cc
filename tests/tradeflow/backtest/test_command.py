"""`tradeflow backtest` as people call it: reports, pictures, errors, and equal runs."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.chaos.exchange import await_condition
from tests.tradeflow.backtest.test_lobster import LINES
from tests.tradeflow.replay.synthetic import SyntheticMarket, write_recording
from tradeflow import backtest as backtest_package
from tradeflow.cli import app
from tradeflow.errors import TradeflowError

MAKER = "tradeflow.backtest.examples.market_maker:MarketMaker"
AVERAGES = "tradeflow.backtest.examples.moving_averages:MovingAverages"

_STRATEGY = """
from tradeflow.backtest.strategy import Strategy

class Failing(Strategy):
    def on_trade(self, desk, trade):
        self.count(trade)

    def count(self, trade):
        self.trades += 1

class Rounding(Strategy):
    def on_trade(self, desk, trade):
        desk.buy("0.0001", "65.001")
"""


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "strategies.py").write_text(_STRATEGY)
    return write_recording(tmp_path / "ltc.txt", SyntheticMarket(4), steps=120)


def _backtest(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["backtest", *map(str, arguments)])


def _json(*arguments: object) -> dict[str, Any]:
    result = _backtest(*arguments, "--json")
    assert result.exit_code == 0, (result.output, result.exception)
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def _maker(recording: Path) -> list[object]:
    size = ("--param", "size=0.5", "--param", "limit=5", "--param", "away_bps=5")
    return [recording, "--strategy", MAKER, *size, "--param", "every_ms=100"]


def test_the_flow_alone_has_no_result_and_a_state(recording: Path) -> None:
    found = _json(recording)

    assert found["result"] is None
    assert found["trades"] > 50
    assert found["flow"]["commands refused"] == 0
    assert set(found["state_hash"]) == {"all", "orders", "wallet", "market LTCUSDT"}


def test_a_report_says_what_a_strategy_came_to(recording: Path) -> None:
    found = _json(*_maker(recording), "--latency-in", 3, "--latency-out", 2)

    result = found["result"]
    assert result["fills"] > 0
    assert 0 < result["fill_ratio"] <= 1
    orders = result["orders"]
    refused = orders["refused"].get("WOULD_IMMEDIATELY_MATCH", 0)
    assert orders["sent"] == orders["accepted"] + refused + orders["on_the_way"]
    assert result["filled_as_maker"] == result["filled"]
    assert result["slippage"]["bps"] < 0  # a maker earns what a taker pays
    assert len(result["equity"]) > 5
    assert float(result["draw_down"]) >= 0
    assert found["latency_ms"] == {"in": 3, "out": 2}
    assert found["funds"]["backtest-strategy"] == {
        "LTC": "1000.00000000",
        "USDT": "1000000.00000000",
    }
    assert found["funds"]["replay-house"].keys() == {"LTC", "USDT"}


def test_fees_are_as_they_were_asked_for(recording: Path) -> None:
    free = _json(*_maker(recording), "--maker-fee", "0", "--taker-fee", "0")["result"]
    dear = _json(*_maker(recording), "--maker-fee", "0.01")["result"]

    assert set(free["fees"].values()) == {"0.00000000"}
    assert free["profit"] == free["profit_before_fees"]
    assert float(dear["fees_in_quote"]) > 0


@pytest.mark.parametrize("strategy", [MAKER, AVERAGES])
def test_equal_runs_in_every_process(recording: Path, strategy: str) -> None:
    own = ("limit=5", "away_bps=5") if strategy == MAKER else ("fast=3", "slow=10")
    params = [word for each in ("size=0.5", *own) for word in ("--param", each)]
    shown = []
    for seed in ("0", "1", "random"):
        command = [sys.executable, "-m", "tradeflow", "backtest", str(recording), "--json"]
        done = subprocess.run(
            [*command, "--strategy", strategy, *params],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        shown.append(done.stdout)

    assert shown[0] == shown[1] == shown[2]
    assert json.loads(shown[0])["result"]["fills"] > 0


def test_tables_for_people(recording: Path) -> None:
    result = _backtest(*_maker(recording))

    assert result.exit_code == 0, result.output
    for said in ("largest draw-down", "slippage", "funds of replay-house", "fill ratio"):
        assert said in result.stdout


@pytest.mark.parametrize(
    ("name", "start"), [("out.png", b"\x89PNG"), ("out.svg", b"<?xml"), ("out.html", b"<!doctype")]
)
def test_a_picture(recording: Path, tmp_path: Path, name: str, start: bytes) -> None:
    result = _backtest(*_maker(recording), "--plot", tmp_path / name)

    assert result.exit_code == 0, result.output
    drawn = (tmp_path / name).read_bytes()
    assert drawn.startswith(start)
    assert len(drawn) > 5_000


def test_an_error_of_a_strategy_is_one_line_with_its_place(recording: Path) -> None:
    strategy = ("--strategy", "strategies.py:Failing")

    result = _backtest(recording, *strategy)

    assert isinstance(result.exception, TradeflowError)
    said = str(result.exception)
    assert said.startswith("The strategy Failing failed in on_trade, ")
    assert f"{recording.with_name('strategies.py')}, line 9: AttributeError" in said
    assert "\n" not in said
    assert "Traceback" not in result.output
    assert "in count" in _backtest(recording, *strategy, "--traceback").output


def test_what_does_not_fit_the_grid_is_an_error_of_the_strategy(recording: Path) -> None:
    result = _backtest(recording, "--strategy", "strategies.py:Rounding")

    assert "line 13: DeskError: the price 65.001 will not do" in str(result.exception)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing.gz",), "There is no file nothing.gz, and no topic of commands"),
        (("ltc.txt", "--symbol", "BTCUSDT"), "ltc.txt has LTCUSDT, not BTCUSDT"),
        (("ltc.txt", "--plot", "out.pdf"), "out.pdf is no picture that can be drawn"),
        (("ltc.txt", "--plot", "no/out.png"), "There is no folder no"),
        (("ltc.txt", "--strategy", MAKER, "--fund", "DOGE=1"), "LTCUSDT is not traded for DOGE"),
        (("strategies.py",), "strategies.py, line 1: it does not begin with the time"),
    ],
)
def test_what_will_not_do_is_said(recording: Path, arguments: tuple[str, ...], said: str) -> None:
    result = _backtest(*arguments)

    assert isinstance(result.exception, TradeflowError)
    assert said in str(result.exception)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--maker-fee", "1.5"),
        ("--taker-fee", "x"),
        ("--fund", "BTC"),
        ("--fund", "BTC=-1"),
        ("--param", "x"),
        ("--latency-in", "-1"),
        ("--every", "0"),
    ],
)
def test_options_that_will_not_do(recording: Path, arguments: tuple[str, str]) -> None:
    assert _backtest(recording, *arguments).exit_code == 2


def test_a_message_file_is_found_out_by_looking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "AAPL_2012-06-21_34200000_57600000_message_5.csv"
    path.write_text(LINES)

    found = _json(path)

    assert found["symbol"] == "AAPLUSD"
    assert found["trades"] == 1
    assert (found["flow"]["hidden executions"], found["flow"]["halts"]) == (1, 1)


def test_help_tells_of_the_examples() -> None:
    shown = " ".join(_backtest("--help").stdout.split())

    assert "MarketMaker" in shown
    assert "MovingAverages" in shown


def test_the_readmes_strategy_runs(recording: Path) -> None:
    text = (Path(backtest_package.__file__).parent / "README.md").read_text()
    code = text.split("```python\n")[1].split("```")[0]
    recording.with_name("dip.py").write_text(code)

    params = ("--param", "size=0.5", "--param", "ticks=1")
    result = _json(recording, "--strategy", "dip.py:Dip", *params)["result"]

    assert result["orders"]["accepted"] > 0
    assert result["orders"]["refused"] == {}


_WAITING = """
import time
from pathlib import Path
from tradeflow.backtest.strategy import Strategy

class Waiting(Strategy):
    def on_trade(self, desk, trade):
        Path("begun").touch()
        while not Path("signalled").exists():
            time.sleep(0.01)
"""


def test_a_signal_ends_a_run_early_with_its_report(recording: Path) -> None:
    folder = recording.parent
    (folder / "waiting.py").write_text(_WAITING)
    command = [sys.executable, "-m", "tradeflow", "backtest", str(recording), "--json"]
    with subprocess.Popen(
        [*command, "--strategy", "waiting.py:Waiting"], stdout=subprocess.PIPE, text=True
    ) as running:
        await_condition(lambda: (folder / "begun").exists(), "the first trade", seconds=30)
        running.send_signal(signal.SIGTERM)
        (folder / "signalled").touch()
        shown, _ = running.communicate(timeout=60)

    assert running.returncode == 0
    assert json.loads(shown)["is_stopped"]
