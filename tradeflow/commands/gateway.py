"""`tradeflow gateway`: the exchange behind the addresses that Binance's clients know."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from web.auth.settings import AuthSettings
    from web.settings import GatewaySettings


def gateway() -> None:
    """Serve Binance's REST API and streams until SIGTERM or Ctrl-C.

    Where: TRADEFLOW_GATEWAY_HOST and _PORT (8080). The exchange must run (tradeflow up). Who may
    trade has a key: tradeflow key create ACCOUNT. Several gateways that share a Redis
    (TRADEFLOW_GATEWAY_REDIS_URL) let no request through twice. The exit code says how it ended.
    """
    from tradeflow.commands.worker import configure_logging

    settings, auth = gateway_settings()
    from web.edge import correlation
    from web.process import run

    # People read text, and programs read lines of JSON.
    configure_logging(as_json=not sys.stderr.isatty(), fields=correlation.log_fields)

    sys.exit(run(settings, auth))


def gateway_settings() -> "tuple[GatewaySettings, AuthSettings]":
    """Settings from the environment, with the broker and the database that are there.

    Raises:
        TradeflowError: they cannot work; with the gateway's exit code.
    """
    import os

    from tradeflow.errors import TradeflowError
    from tradeflow.running_broker import running_broker
    from tradeflow.settings import load_settings
    from web.errors import ExitCode
    from web.settings import GatewaySettings

    try:
        auth, settings = auth_settings(), load_settings(GatewaySettings)
    except TradeflowError as error:
        error.exit_code = ExitCode.CONFIG
        raise
    if os.environ.get("BROKER", "").strip():
        return settings, auth
    try:
        return settings.model_copy(update={"broker": running_broker()}), auth
    except TradeflowError as error:
        error.exit_code = ExitCode.BROKER
        raise


def auth_settings() -> "AuthSettings":
    """Settings of keys, with the database that they are in.

    Raises:
        TradeflowError: they cannot work, or a package is missing.
    """
    from pydantic import SecretStr

    from tradeflow.errors import TradeflowError
    from tradeflow.key_database import key_database_url
    from tradeflow.settings import load_settings

    try:
        import uvloop  # noqa: F401

        from web.auth.key_store import KeyStore  # noqa: F401
        from web.auth.settings import AuthSettings
    except ImportError as error:
        raise TradeflowError(
            f"The gateway and its keys need the package {error.name}.",
            remedy="Install it with: pip install 'tradeflow[web]'",
        ) from error
    auth = load_settings(AuthSettings)
    if auth.database_url.get_secret_value():
        return auth
    url = SecretStr(key_database_url(auth.state_dir))
    return auth.model_copy(update={"database_url": url})
