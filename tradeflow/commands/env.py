"""`tradeflow env`: what to paste so that a client finds the gateway."""

import os
from enum import StrEnum
from typing import Annotated

import typer

_DEFAULT = "127.0.0.1:8080"


class ClientName(StrEnum):
    """The clients there is something for."""

    CCXT = "ccxt"
    CCXT_PRO = "ccxt-pro"
    PYTHON_BINANCE = "python-binance"
    BINANCE_CONNECTOR = "binance-connector"
    BINANCE_SDK_SPOT = "binance-sdk-spot"
    FREQTRADE = "freqtrade"
    NAUTILUS = "nautilus"
    HUMMINGBOT = "hummingbot"


def env(
    client: Annotated[ClientName, typer.Argument(help="Which client.", show_default=False)],
    url: Annotated[
        str, typer.Option(help="The gateway's URL.", show_default="the one that is up")
    ] = "",
    key: Annotated[str, typer.Option(help="An API key.", show_default="demo's")] = "",
) -> None:
    """Print what to paste so that a client trades here, with the running gateway's URL and key.

    A --key of your own needs its secret in TRADEFLOW_SECRET: options are seen by others.
    """
    from tradeflow.commands.up import run_folder
    from tradeflow.errors import TradeflowError
    from tradeflow.supervision.demo import read_key
    from tradeflow.supervision.parts import read_parts
    from web.newcomers.snippets import KEY, SECRET, Gateway, snippet

    folder = run_folder()
    running = [part.address for part in read_parts(folder) if part.kind == "gateway"]
    address = _address(url) if url else next(iter(running), _DEFAULT)
    if not url and not running:
        typer.echo(f"No gateway of tradeflow up runs here: taking {address}.", err=True)
    known = None if key else read_key(folder.demo_key)
    secret = os.environ.get("TRADEFLOW_SECRET", "").strip()
    if key and not secret:
        raise TradeflowError("The key needs its secret.", remedy="Set TRADEFLOW_SECRET to it.")
    if key:
        gateway = Gateway(address, key, secret)
    elif known is not None:
        gateway = Gateway(address, known.key, known.secret)
    else:
        typer.echo(f"No key is known: put yours for {KEY} and {SECRET}.", err=True)
        gateway = Gateway(address)
    typer.echo(snippet(client, gateway), nl=False)


def _address(url: str) -> str:
    """host:port of http://host:port."""
    from urllib.parse import urlsplit

    from tradeflow.errors import TradeflowError

    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.netloc or "'" in url or '"' in url:
        raise TradeflowError(f"{url} is no URL of a gateway.", remedy="Such as http://host:8080")
    return parts.netloc
