"""Binance's clients, told where the gateway is and nothing else."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from web.auth.api_key import ApiKey


@contextmanager
def ccxt_client(url: str, key: ApiKey | None = None) -> Iterator[Any]:
    """ccxt, with all its options as they are."""
    import ccxt

    keys = {} if key is None else {"apiKey": key.key, "secret": key.secret}
    client = ccxt.binance({**keys, "enableRateLimit": False})
    client.urls["api"] = {
        name: told if isinstance(told, dict) else f"{url}/{told.split('/', 3)[3]}"
        for name, told in client.urls["api"].items()
    }
    try:
        yield client
    finally:
        client.session.close()


@contextmanager
def python_binance_client(url: str, key: ApiKey | None = None) -> Iterator[Any]:
    """python-binance, whose addresses are attributes of its class."""
    with warnings.catch_warnings():
        # It asks websockets for names of old.
        warnings.simplefilter("ignore", DeprecationWarning)
        from binance.client import Client

    addresses = {"API_URL": f"{url}/api", "MARGIN_API_URL": f"{url}/sapi"}
    with mock.patch.multiple(Client, **addresses):
        client = Client(key.key if key else None, key.secret if key else None)
        try:
            yield client
        finally:
            client.close_connection()
