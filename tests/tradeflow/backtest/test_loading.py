"""Strategies by name, and what is said where there is none."""

from pathlib import Path

import pytest

from tradeflow.backtest.examples.market_maker import MarketMaker
from tradeflow.backtest.loading import load_strategy
from tradeflow.errors import TradeflowError

_GOOD = """
from tradeflow.backtest.strategy import Strategy

class Mine(Strategy):
    def __init__(self, size="1"):
        self.size = size

class Other:
    pass

class Broken(Strategy):
    def __init__(self):
        self.size = 1 / 0

number = 1
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_a_module_and_its_class() -> None:
    name = "tradeflow.backtest.examples.market_maker:MarketMaker"

    assert isinstance(load_strategy(name, {"size": "0.5"}), MarketMaker)


def test_a_file_and_its_class(folder: Path) -> None:
    (folder / "good.py").write_text(_GOOD)

    strategy = load_strategy("good.py:Mine", {"size": "2"})

    assert strategy.size == "2"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("MarketMaker", "names no strategy. Write module:Class"),
        ("nowhere_at_all:Mine", "There is no module nowhere_at_all"),
        ("nowhere.py:Mine", "There is no file nowhere.py"),
        ("mine.py:None_", "mine.py has no None_"),
        ("mine.py:Other", "is no strategy. Let the class derive"),
        ("mine.py:number", "is no strategy. Let the class derive"),
        ("mine.py:Broken", r"failed in __init__, .*mine.py, line 13: ZeroDivisionError"),
        ("odd.py:Mine", "odd.py, line 1"),
        ("needy.py:Mine", "needy.py needs not_installed_at_all, which is not installed"),
        ("failing.py:Mine", "failing.py cannot be imported: ValueError: no"),
    ],
)
def test_what_will_not_do_is_said_in_a_line(folder: Path, name: str, said: str) -> None:
    (folder / "mine.py").write_text(_GOOD)
    (folder / "odd.py").write_text("class :\n")
    (folder / "needy.py").write_text("import not_installed_at_all\n")
    (folder / "failing.py").write_text("raise ValueError('no')\n")

    with pytest.raises(TradeflowError, match=said) as caught:
        load_strategy(name, {})
    assert "\n" not in str(caught.value)


def test_parameters_that_the_class_does_not_take(folder: Path) -> None:
    (folder / "mine.py").write_text(_GOOD)

    with pytest.raises(TradeflowError, match=r"does not take these parameters.*'colour'"):
        load_strategy("mine.py:Mine", {"colour": "red"})
