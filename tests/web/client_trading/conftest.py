"""One exchange with one gateway for all clients' trades; each test has a symbol of its own."""

import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from schemas.instruments import DEFAULT_FILE
from tests.web.client_trading.account import Account, Log
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.signed_client import SignedClient

_SYMBOLS = 150
_NUMBERS = count(1)

NewAccount = Callable[[str], Account]


def write_instruments(file: Path) -> Path:
    """Coins of their own like BTC, for USDT; makers pay less than takers."""
    like = json.loads(DEFAULT_FILE.read_bytes())[0]
    assert like["symbol"] == "BTCUSDT"
    like |= {"maker_rate": "0.001", "taker_rate": "0.002"}
    coins = [f"C{number:02d}" for number in range(_SYMBOLS)]
    instruments = [{**like, "symbol": f"{coin}USDT", "base_asset": coin} for coin in coins]
    file.write_text(json.dumps(instruments))
    return file


@pytest.fixture(scope="package")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    """Broker, stages and a clock."""
    folder = tmp_path_factory.mktemp("exchange")
    running = RunningExchange(folder, instruments=write_instruments(folder / "instruments.json"))
    try:
        running.start()
        yield running
    finally:
        running.close()


@pytest.fixture(scope="package")
def gateway(exchange: RunningExchange) -> Iterator[RunningGateway]:
    """A gateway in front of it."""
    running = RunningGateway(exchange)
    try:
        yield running.start()
    finally:
        running.close()


@pytest.fixture(scope="package")
def log(gateway: RunningGateway, exchange: RunningExchange) -> Iterator[Log]:
    """The exchange's log."""
    made = Log(exchange.broker.bootstrap)
    yield made
    made.close()


@pytest.fixture(scope="package")
def coins(exchange: RunningExchange) -> Iterator[str]:
    """Coins that nobody has traded so far."""
    return (each.base_asset for each in exchange.instruments.values())


@pytest.fixture
def coin(coins: Iterator[str]) -> str:
    """A coin that is traded for USDT, and nobody has an order."""
    return next(coins)


@pytest.fixture
def pair(coin: str) -> str:
    """Its market, as ccxt calls it."""
    return f"{coin}/USDT"


@pytest.fixture
def symbol(coin: str) -> str:
    """Its market, as Binance calls it."""
    return f"{coin}USDT"


@pytest.fixture
def new_account(
    exchange: RunningExchange, gateway: RunningGateway, log: Log, coin: str
) -> NewAccount:
    """Opens accounts with money in the test's coin and in USDT."""
    return lambda name: Account(exchange, gateway, log, f"{name}-{next(_NUMBERS)}", coin)


@pytest.fixture
def alice(new_account: NewAccount) -> Account:
    """Whose client is tried."""
    return new_account("alice")


@pytest.fixture
def bob(new_account: NewAccount, gateway: RunningGateway) -> Iterator[SignedClient]:
    """Who trades with her, by no client of others."""
    client = SignedClient(gateway, new_account("bob").name)
    yield client
    client.close()
