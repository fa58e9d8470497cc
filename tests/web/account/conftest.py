"""One exchange with one gateway for all tests of trading; each test has a symbol of its own."""

import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from schemas.instruments import DEFAULT_FILE
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.signed_client import SignedClient, funded_client

_SYMBOLS = 120
_NUMBERS = count(1)

NewClient = Callable[..., SignedClient]


def write_instruments(file: Path, symbols: int = _SYMBOLS) -> Path:
    """Many symbols like BTCUSDT, with few orders allowed, and makers that pay less than takers."""
    like = json.loads(DEFAULT_FILE.read_bytes())[0]
    assert like["symbol"] == "BTCUSDT"
    strict = {
        "max_num_orders": 8,
        "max_num_algo_orders": 3,
        "max_num_iceberg_orders": 2,
        "market_max_quantity": "100",
        "maker_rate": "0.001",
        "taker_rate": "0.002",
    }
    names = [f"M{number:03d}USDT" for number in range(symbols)]
    file.write_text(json.dumps([{**like, **strict, "symbol": name} for name in names]))
    return file


@pytest.fixture(scope="package")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    """Broker, stages and a clock."""
    folder = tmp_path_factory.mktemp("exchange")
    with RunningExchange(
        folder, instruments=write_instruments(folder / "instruments.json")
    ) as running:
        yield running


@pytest.fixture(scope="package")
def gateway(exchange: RunningExchange) -> Iterator[RunningGateway]:
    """A gateway in front of it."""
    with RunningGateway(exchange) as running:
        yield running


@pytest.fixture(scope="package")
def symbols(exchange: RunningExchange) -> Iterator[str]:
    """Symbols that nobody has traded so far."""
    return iter(exchange.instruments)


@pytest.fixture
def symbol(symbols: Iterator[str]) -> str:
    """A symbol with an empty book."""
    return next(symbols)


@pytest.fixture
def new_client(exchange: RunningExchange, gateway: RunningGateway) -> Iterator[NewClient]:
    """Makes clients with money, each of an account of its own."""
    made: list[SignedClient] = []

    def make(name: str = "trader", *, units: int = 10**14) -> SignedClient:
        made.append(funded_client(exchange, gateway, f"{name}-{next(_NUMBERS)}", units=units))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def alice(new_client: NewClient) -> SignedClient:
    """A trader."""
    return new_client("alice")


@pytest.fixture
def bob(new_client: NewClient) -> SignedClient:
    """Another one."""
    return new_client("bob")
