"""The exchange that this folder's tests break."""

from collections.abc import Iterator

import pytest

from tests.chaos.exchange import Exchange
from tests.simulation.workload import HOSTILE


@pytest.fixture(scope="session")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """One log for all tests of this folder; whatever a test leaves behind, the next one meets."""
    broken = Exchange(tmp_path_factory.mktemp("chaos"), HOSTILE, seed=20240808)
    try:
        yield broken
    finally:
        broken.close()
