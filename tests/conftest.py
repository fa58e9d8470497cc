"""What every test may use."""

import os

import pytest
from hypothesis import settings

from tradeflow import compiled_core

_FIXTURES = (
    "exchange_topics",
    "kafka",
    "kafka_classes",
    "late_partitions",
    "mongodb",
    "mysql",
    "redis",
    "scheduling",
)

pytest_plugins = tuple(f"tests.fixtures.{name}" for name in _FIXTURES)

_WANTED = "compiled" if os.environ.get("TRADEFLOW_TEST_COMPILED") else "pure"


def pytest_configure() -> None:
    """Set up what holds for all tests."""
    # No test is about the time that it takes.
    settings.register_profile("untimed", settings.default, deadline=None)
    settings.load_profile("untimed")
    _require_the_wanted_core()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave variants of what other tests show to campaigns."""
    if os.environ.get("TRADEFLOW_VARIANTS"):
        return
    variants = [item for item in items if item.get_closest_marker("variant") is not None]
    if variants:
        config.hook.pytest_deselected(items=variants)
        items[:] = [item for item in items if item.get_closest_marker("variant") is None]


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
