"""One exchange with one gateway for all tests of a file; each test has accounts of its own."""

from collections.abc import Iterator

import pytest

from tests.web.running_exchange import RunningExchange, RunningGateway


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    """Broker, stages and a clock."""
    running = RunningExchange(tmp_path_factory.mktemp("exchange"))
    try:
        running.start()
        yield running
    finally:
        running.close()


@pytest.fixture(scope="module")
def gateway(exchange: RunningExchange) -> Iterator[RunningGateway]:
    """A gateway in front of it."""
    running = RunningGateway(exchange)
    try:
        yield running.start()
    finally:
        running.close()
