"""One exchange, gateway and living market for all clients that are no dependencies of the tests.

They are big, so they are asked for: TRADEFLOW_CLIENTS=all, or names of clients with commas.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.chaos.exchange import await_condition
from tests.web.market_load import MarketLoad
from tests.web.other_clients.client_environment import ClientEnvironment
from tests.web.other_clients.driven_client import DrivenClient
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.signed_client import SignedClient, funded_client
from web.newcomers.snippets import CLIENTS

NewClient = Callable[..., DrivenClient]
_WANTED = {name.strip() for name in os.environ.get("TRADEFLOW_CLIENTS", "").split(",")}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out clients that were not asked for."""
    if unknown := _WANTED - {"", "all", *CLIENTS}:
        raise pytest.UsageError(f"TRADEFLOW_CLIENTS: {', '.join(unknown)} is no client")
    for item in items:
        for mark in item.iter_markers("other_client"):
            (name,) = mark.args
            if not {name, "all"} & _WANTED:
                item.add_marker(pytest.mark.skip(f"TRADEFLOW_CLIENTS={name} runs it"))


@pytest.fixture(scope="package")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    """Broker, stages and a clock."""
    running = RunningExchange(tmp_path_factory.mktemp("exchange"))
    try:
        running.start()
        yield running
    finally:
        running.close()


@pytest.fixture(scope="package")
def gateway(exchange: RunningExchange) -> Iterator[RunningGateway]:
    """A gateway in front of it, and a market that lives; pings come often, so that all are seen."""
    # Drivers ask faster than a bot does.
    pace = {"ping_seconds": 1, "pong_seconds": 5, "connection_messages_per_second": 20}
    running = RunningGateway(exchange, **pace)
    try:
        running.start()
        with MarketLoad(exchange, rate=100, open_orders=200, symbols="BTCUSDT,ETHUSDT"):
            await_condition(lambda: _is_full(running), "orders on both sides", seconds=300)
            yield running
    finally:
        running.close()


def _is_full(gateway: RunningGateway) -> bool:
    """So that a big order does not sweep all of it."""

    def levels(symbol: str) -> int:
        book = httpx.get(f"{gateway.url}/api/v3/depth?symbol={symbol}").json()
        return min(len(book["bids"]), len(book["asks"]))

    return levels("BTCUSDT") >= 30 and levels("ETHUSDT") >= 10


@pytest.fixture
def new_client(
    exchange: RunningExchange, gateway: RunningGateway, tmp_path: Path
) -> Iterator[NewClient]:
    """Makes a client of an account of its own, which has money."""
    accounts: list[SignedClient] = []

    def make(name: str, *requirements: str, alone: str = "", **installing: str) -> DrivenClient:
        environment = ClientEnvironment(name, *requirements, alone=alone)
        environment.install(**installing)
        account_id = name.replace("-", "")
        accounts.append(funded_client(exchange, gateway, account_id))
        return DrivenClient(name, environment, gateway, account_id, tmp_path)

    yield make
    for account in accounts:
        account.close()
