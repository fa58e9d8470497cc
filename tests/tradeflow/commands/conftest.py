"""One exchange for the files whose commands do not mind what others do."""

from collections.abc import Iterator

import pytest

from tests.tradeflow.commands.running_exchange import Up, run


@pytest.fixture(scope="package")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """Without flow, so that nobody trades but the tests; each file has accounts of its own."""
    up = Up(tmp_path_factory.mktemp("exchange"), ("--no-flow",)).wait_until_up()
    yield up
    up.end()
    run("down", folder=up.folder)
