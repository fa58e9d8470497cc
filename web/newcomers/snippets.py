"""What to paste so that a client finds this gateway instead of Binance; pure."""

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple

KEY, SECRET = "YOUR_API_KEY", "YOUR_SECRET"
"""Stand where no key is known."""


class Gateway(NamedTuple):
    """Where it is, and with which key to come."""

    address: str
    """host:port."""
    key: str = KEY
    secret: str = SECRET

    @property
    def http(self) -> str:
        """Without a slash at the end."""
        return f"http://{self.address}"

    @property
    def ws(self) -> str:
        """Without a slash at the end."""
        return f"ws://{self.address}"


def _urls(gateway: Gateway) -> dict[str, object]:
    """What ccxt and what builds on it is told; spot alone."""
    rest = f"{gateway.http}/api/v3"
    # /stream/ws, not /ws: by the word «stream» ccxt tells spot from swaps.
    sockets = {"spot": f"{gateway.ws}/stream/ws", "ws-api": {"spot": f"{gateway.ws}/ws-api/v3"}}
    return {"api": {"public": rest, "private": rest, "ws": sockets}}


_CCXT_OPTIONS = {
    "fetchMarkets": {"types": ["spot"]},
    "fetchCurrencies": False,
    "fetchMargins": False,
}


def _ccxt(gateway: Gateway) -> str:
    return f"""\
import ccxt

exchange = ccxt.binance({{"apiKey": {gateway.key!r}, "secret": {gateway.secret!r}}})
exchange.urls["api"] = {{
    name: url if isinstance(url, dict) else "{gateway.http}/" + url.split("/", 3)[3]
    for name, url in exchange.urls["api"].items()
}}
print(exchange.fetch_ticker("BTC/USDT")["last"])
"""


def _ccxt_pro(gateway: Gateway) -> str:
    return f"""\
import asyncio

import ccxt.pro


async def main():
    exchange = ccxt.pro.binance({{
        "apiKey": {gateway.key!r},
        "secret": {gateway.secret!r},
        "urls": {_urls(gateway)!r},
        "options": {_CCXT_OPTIONS!r},
    }})
    try:
        print(await exchange.watch_order_book("BTC/USDT"))
    finally:
        await exchange.close()


asyncio.run(main())
"""


def _python_binance(gateway: Gateway) -> str:
    return f"""\
from binance import AsyncClient, BinanceSocketManager, Client

# Before a client is made: it asks at once whether the server is there.
Client.API_URL = AsyncClient.API_URL = "{gateway.http}/api"
AsyncClient.WS_API_URL = "{gateway.ws}/ws-api/v3"
BinanceSocketManager.STREAM_URL = "{gateway.ws}/"

client = Client({gateway.key!r}, {gateway.secret!r})
print(client.get_symbol_ticker(symbol="BTCUSDT"))
"""


def _binance_connector(gateway: Gateway) -> str:
    key = f"api_key={gateway.key!r}, api_secret={gateway.secret!r}"
    return f"""\
from functools import partial

from binance.spot import Spot
from binance.websocket.spot.websocket_api import SpotWebsocketAPIClient
from binance.websocket.spot.websocket_stream import SpotWebsocketStreamClient

client = Spot({key}, base_url="{gateway.http}")
# These connect when they are made, as in streams(on_message=...).
streams = partial(SpotWebsocketStreamClient, stream_url="{gateway.ws}")
websocket_api = partial(SpotWebsocketAPIClient, {key}, stream_url="{gateway.ws}/ws-api/v3")

print(client.ticker_price("BTCUSDT"))
"""


def _binance_sdk_spot(gateway: Gateway) -> str:
    key = f"api_key={gateway.key!r}, api_secret={gateway.secret!r}"
    return f"""\
from binance_common.configuration import (
    ConfigurationRestAPI,
    ConfigurationWebSocketAPI,
    ConfigurationWebSocketStreams,
)
from binance_sdk_spot.spot import Spot

client = Spot(
    # Milliseconds: a second is its default, too short for a machine that is busy with an exchange.
    config_rest_api=ConfigurationRestAPI({key}, base_path="{gateway.http}", timeout=10_000),
    config_ws_api=ConfigurationWebSocketAPI({key}, stream_url="{gateway.ws}/ws-api/v3"),
    config_ws_streams=ConfigurationWebSocketStreams(stream_url="{gateway.ws}"),
)
print(client.rest_api.ticker_price(symbol="BTCUSDT").data())
"""


def _freqtrade(gateway: Gateway) -> str:
    exchange = {
        "name": "binance",
        "key": gateway.key,
        "secret": gateway.secret,
        "ccxt_config": {"urls": _urls(gateway), "options": _CCXT_OPTIONS},
    }
    return json.dumps({"exchange": exchange}, indent=2) + "\n"


def _nautilus(gateway: Gateway) -> str:
    key = f"api_key={gateway.key!r},\n    api_secret={gateway.secret!r}"
    return f"""\
import nautilus_trader
from nautilus_trader.adapters.binance.config import (
    BinanceDataClientConfig,
    BinanceExecClientConfig,
)
from nautilus_trader.config import InstrumentProviderConfig

instruments = InstrumentProviderConfig(load_all=True)
data = BinanceDataClientConfig(
    {key},
    base_url_http="{gateway.http}",
    base_url_ws="{gateway.ws}",
    instrument_provider=instruments,
)
# Since version 1.223 executions come over the WebSocket API.
version = tuple(map(int, nautilus_trader.__version__.split(".")[:2]))
execution = BinanceExecClientConfig(
    {key},
    base_url_http="{gateway.http}",
    base_url_ws="{gateway.ws}/ws-api/v3" if version >= (1, 223) else "{gateway.ws}",
    instrument_provider=instruments,
)
"""


def _hummingbot(gateway: Gateway) -> str:
    urls = (
        ("REST_URL", f"{gateway.http}/api/"),
        ("WSS_URL", f"{gateway.ws}/ws"),
        ("WSS_API_URL", f"{gateway.ws}/ws-api/v3"),
    )
    # Whatever they are now: it may be pasted again for another gateway.
    script = "; ".join(f's#^{name} = .*#{name} = "{url}"#' for name, url in urls)
    return f"""\
# It has no setting for this: change its constants, in the folder that hummingbot is in.
sed -i.bak '{script}' hummingbot/connector/exchange/binance/binance_constants.py
# Then: connect binance
# API key: {gateway.key}
# Secret:  {gateway.secret}
"""


CLIENTS: Mapping[str, Callable[[Gateway], str]] = {
    "ccxt": _ccxt,
    "ccxt-pro": _ccxt_pro,
    "python-binance": _python_binance,
    "binance-connector": _binance_connector,
    "binance-sdk-spot": _binance_sdk_spot,
    "freqtrade": _freqtrade,
    "nautilus": _nautilus,
    "hummingbot": _hummingbot,
}
"""By the client's name: Python, save JSON for freqtrade and a shell's line for hummingbot."""


def snippet(client: str, gateway: Gateway) -> str:
    """What to paste for this client; KeyError: there is no such one."""
    return CLIENTS[client](gateway)
