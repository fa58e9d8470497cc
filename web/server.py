"""Serves the gateway over HTTP."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

from web.app import make_app
from web.auth.api_key import KeyRing
from web.breaking_off import BreakingOffProtocol
from web.errors import GatewayError
from web.opening import open_gateway
from web.settings import GatewaySettings

MESSAGE_BYTES_MAX = 64 * 1024
"""Of a message that comes over a WebSocket."""
_STOP_SECONDS = 3


async def serve(
    settings: GatewaySettings,
    keys: KeyRing,
    *,
    stop: asyncio.Event,
    on_ready: Callable[[str], None] = lambda url: None,
) -> None:
    """Answer requests until ``stop``; ``on_ready`` is told the URL.

    Raises:
        GatewayError: it cannot start; it says what to do.
    """
    listening = _listen(settings.host, settings.port)
    with contextlib.closing(listening):
        async with open_gateway(settings, keys) as gateway:
            config = uvicorn.Config(
                make_app(gateway),
                log_config=None,
                access_log=False,
                lifespan="off",
                **web_socket_options(settings),
                timeout_graceful_shutdown=_STOP_SECONDS,
                server_header=False,
            )
            server = _Server(config)
            serving = asyncio.create_task(server.serve([listening]))
            host, port = listening.getsockname()[:2]
            on_ready(f"http://{host}:{port}")
            await stop.wait()
            server.should_exit = True
            await serving


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process."""
        yield


def web_socket_options(_settings: GatewaySettings) -> dict[str, Any]:
    """How uvicorn is to speak WebSocket, by the names of its settings."""
    return {
        "ws": BreakingOffProtocol,
        # What is encoded once for many is not packed for each of them.
        "ws_per_message_deflate": False,
        "ws_max_size": MESSAGE_BYTES_MAX,
        # Clients look for a sign of life every 20 s and answer it.
        "ws_ping_interval": 20,
        "ws_ping_timeout": 60,
    }


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=1024)
    except OSError as error:
        raise GatewayError(
            f"cannot listen on {host}:{port}: {error.strerror or error}",
            action="set TRADEFLOW_GATEWAY_PORT to another port, or to 0 for any free one",
        ) from error
