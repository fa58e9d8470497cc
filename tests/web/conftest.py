"""One exchange with one gateway for all tests of a file; each test has accounts of its own."""

from collections.abc import Iterator

import pytest

from tests.web.running_exchange import RunningExchange, RunningGateway


@pytest.fixture(scope="package")
def shared_exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    """Broker, stages and a clock, for all files that do not mind what others trade."""
    with RunningExchange(tmp_path_factory.mktemp("exchange")) as running:
        yield running


@pytest.fixture(scope="module")
def exchange(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningExchange]:
    """The file's own, or the shared one where the file is marked so: to start one takes long."""
    if request.node.get_closest_marker("shares_exchange") is not None:
        yield request.getfixturevalue("shared_exchange")
        return
    with RunningExchange(tmp_path_factory.mktemp("exchange")) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(exchange: RunningExchange) -> Iterator[RunningGateway]:
    """A gateway in front of it."""
    with RunningGateway(exchange) as running:
        yield running
