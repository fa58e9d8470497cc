"""What is pasted into clients: it is what it claims to be, and points here."""

import ast
import json
import subprocess
from pathlib import Path

import pytest

from tradeflow.commands.env import ClientName
from web.newcomers.snippets import CLIENTS, Gateway, snippet

_HERE = Gateway("127.0.0.1:8123", "key'1", 'secret"2')
_NOT_PYTHON = {"freqtrade", "hummingbot"}


def test_the_command_knows_every_client() -> None:
    assert [str(name) for name in ClientName] == list(CLIENTS)


@pytest.mark.parametrize("client", CLIENTS)
def test_points_here_and_nowhere_else(client: str) -> None:
    text = snippet(client, _HERE)

    assert "127.0.0.1:8123" in text
    if client != "hummingbot":
        assert "binance.com" not in text


@pytest.mark.parametrize("client", sorted(CLIENTS.keys() - _NOT_PYTHON))
def test_is_python_with_the_key_and_the_secret_in_it(client: str) -> None:
    tree = ast.parse(snippet(client, _HERE))

    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert {"key'1", 'secret"2'} <= texts


def test_freqtrade_gets_json() -> None:
    exchange = json.loads(snippet("freqtrade", _HERE))["exchange"]

    assert (exchange["key"], exchange["secret"]) == ("key'1", 'secret"2')
    api = exchange["ccxt_config"]["urls"]["api"]
    assert api["private"] == "http://127.0.0.1:8123/api/v3"
    assert api["ws"]["ws-api"]["spot"] == "ws://127.0.0.1:8123/ws-api/v3"
    assert exchange["ccxt_config"]["options"]["fetchCurrencies"] is False


def test_hummingbots_constants_are_changed(tmp_path: Path) -> None:
    folder = tmp_path / "hummingbot/connector/exchange/binance"
    folder.mkdir(parents=True)
    file = folder / "binance_constants.py"
    file.write_text(
        'REST_URL = "https://api.binance.{}/api/"\n'
        'WSS_URL = "wss://stream.binance.{}:9443/ws"\n'
        'WSS_API_URL = "wss://ws-api.binance.{}:443/ws-api/v3"\n'
    )

    for gateway in (Gateway("127.0.0.1:9999"), _HERE):
        subprocess.run(["sh", "-c", snippet("hummingbot", gateway)], cwd=tmp_path, check=True)

    assert file.read_text() == (
        'REST_URL = "http://127.0.0.1:8123/api/"\n'
        'WSS_URL = "ws://127.0.0.1:8123/ws"\n'
        'WSS_API_URL = "ws://127.0.0.1:8123/ws-api/v3"\n'
    )
