"""What `up` shows, on a terminal of the usual width."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from tradeflow.supervision.demo import DemoKey
from tradeflow.supervision.exchange import Plan, Running
from tradeflow.supervision.parts import Part
from tradeflow.supervision.screen import panel
from tradeflow.supervision.settings import RunFolder


@pytest.mark.parametrize("columns", [80, 160])
def test_a_key_can_be_copied_from_its_line(columns: int, tmp_path: Path) -> None:
    running = Running(
        bootstrap="127.0.0.1:9092",
        broker=None,
        workers=[],
        parts=[Part("gateway", "gateway", "127.0.0.1:8080")],
        key=DemoKey(key="k" * 64, secret="s" * 64),
    )
    console = Console(file=StringIO(), width=columns)

    console.print(panel(running, Plan(has_gateway=True), RunFolder(tmp_path)))

    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert any("k" * 64 in line for line in lines)
    assert any("s" * 64 in line for line in lines)
