"""What every test may use."""

import os
from pathlib import Path

import pytest

from tradeflow import compiled_core

pytest_plugins = ("tests.fixtures.kafka",)

_TESTS = Path(__file__).parent
_WANTED = "compiled" if os.environ.get("TRADEFLOW_TEST_COMPILED") else "pure"


def pytest_configure() -> None:
    """Set up what holds for all tests."""
    # Brokers of tests live too short for what Java's second compiler costs: half of their time.
    os.environ.setdefault("TRADEFLOW_BROKER_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")
    _require_the_wanted_core()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Tests with servers of their own stay together: two of them at a time, whatever is asked.

    Here and not when all is collected: pytest-xdist has looked for the marks by then.
    """
    folder = item.path.relative_to(_TESTS).parts
    if folder[0] == "chaos":
        item.add_marker(pytest.mark.xdist_group("chaos"))
    elif folder[0] == "tradeflow" or (folder[0] == "streams" and folder[1] != "domain"):
        item.add_marker(pytest.mark.xdist_group("servers"))


def _require_the_wanted_core() -> None:
    # Tests are the sources': Python would prefer a compiled core to them.
    state = compiled_core.state()
    if state != _WANTED:
        raise pytest.UsageError(
            f"the matching core is {state}, the tests are for the {_WANTED} one: run "
            + (
                "make clean-compiled, or set TRADEFLOW_TEST_COMPILED=1 to test the compiled core"
                if _WANTED == "pure"
                else "make compile"
            )
        )
