"""The exchange that this folder's tests break."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.exchange import Exchange
from tests.simulation.workload import HOSTILE
from tests.streams.transport.gates import Gates


@pytest.fixture(scope="session")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """One log for all tests of this folder; whatever a test leaves behind, the next one meets."""
    broken = Exchange(tmp_path_factory.mktemp("chaos"), HOSTILE, seed=20240808)
    try:
        yield broken
    finally:
        broken.close()


@pytest.fixture
def gates(tmp_path: Path) -> Gates:
    """Gates that are all closed."""
    return Gates(tmp_path)
