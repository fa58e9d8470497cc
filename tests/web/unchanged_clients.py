"""Binance's clients, told where the gateway is and nothing else."""

import asyncio
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from unittest import mock

from web.auth.api_key import ApiKey


@contextmanager
def ccxt_client(url: str, key: ApiKey | None = None, **options: Any) -> Iterator[Any]:
    """ccxt, with all its options as they are but for those given."""
    import ccxt

    client = ccxt.binance({**_keys(key), "enableRateLimit": False, "options": options})
    _move(client, url)
    try:
        yield client
    finally:
        client.session.close()


@asynccontextmanager
async def ccxt_pro_client(url: str, key: ApiKey, **options: Any) -> AsyncIterator[Any]:
    """ccxt.pro, likewise; its sockets are elsewhere."""
    from tests.web.client_libraries import ccxt_pro

    client = ccxt_pro.binance({**_keys(key), "enableRateLimit": False, "options": options})
    _move(client, url)
    sockets = url.replace("http", "ws", 1)
    client.urls["api"]["ws"] |= {
        "spot": f"{sockets}/stream/ws",
        "ws-api": {"spot": f"{sockets}/ws-api/v3"},
    }
    try:
        yield client
    finally:
        await client.close()


def _keys(key: ApiKey | None) -> dict[str, str]:
    return {} if key is None else {"apiKey": key.key, "secret": key.secret}


def _move(client: Any, url: str) -> None:
    client.urls["api"] = {
        name: dict(told) if isinstance(told, dict) else f"{url}/{told.split('/', 3)[3]}"
        for name, told in client.urls["api"].items()
    }


@contextmanager
def python_binance_client(url: str, key: ApiKey | None = None) -> Iterator[Any]:
    """python-binance, whose addresses are attributes of its class."""
    with warnings.catch_warnings():
        # It asks websockets for names of old.
        warnings.simplefilter("ignore", DeprecationWarning)
        from binance.client import Client

    # It makes one for itself where there is none, and leaves it open.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        with mock.patch.multiple(Client, **_addresses(url)):
            client = Client(key.key if key else None, key.secret if key else None)
            try:
                yield client
            finally:
                client.close_connection()
    finally:
        asyncio.set_event_loop(None)
        loop.close()


@asynccontextmanager
async def python_binance_async_client(url: str, key: ApiKey) -> AsyncIterator[Any]:
    """Its client for asyncio, which has the WebSocket API as well."""
    from tests.web.client_libraries import AsyncClient

    with mock.patch.multiple(AsyncClient, **_addresses(url)):
        client = await AsyncClient.create(key.key, key.secret)
        try:
            yield client
        finally:
            await client.close_connection()


def _addresses(url: str) -> dict[str, str]:
    return {
        "API_URL": f"{url}/api",
        "MARGIN_API_URL": f"{url}/sapi",
        "WS_API_URL": f"{url.replace('http', 'ws', 1)}/ws-api/v3",
    }
