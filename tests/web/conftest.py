"""One exchange with one gateway for all tests of a file; each test has accounts of its own."""

from collections.abc import Iterator

import pytest

from tests.web.running_exchange import RunningExchange, RunningGateway


@pytest.fixture(scope="package")
def shared_exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    """Broker, stages and a clock, for all files that do not mind what others trade."""
    running = RunningExchange(tmp_path_factory.mktemp("exchange"))
    try:
        running.start()
        yield running
    finally:
        running.close()


@pytest.fixture(scope="module")
def exchange(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningExchange]:
    """The file's own, or the shared one where the file is marked so: to start one takes long."""
    if request.node.get_closest_marker("shares_exchange") is not None:
        yield request.getfixturevalue("shared_exchange")
        return
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
