"""Serves the gateway over HTTP."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn

from web.app import make_app
from web.auth.api_key import KeyRing
from web.edge.head_limit import HeadLimitProtocol
from web.errors import GatewayError
from web.opening import open_gateway
from web.settings import GatewaySettings

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
                http=HeadLimitProtocol,
                log_config=None,
                access_log=False,
                lifespan="off",
                # Clients look for a sign of life every 20 s and answer it.
                ws_ping_interval=20,
                ws_ping_timeout=60,
                timeout_graceful_shutdown=_STOP_SECONDS,
                server_header=False,
                # By default everybody on this machine could pretend to be others, for the limits.
                proxy_headers=bool(settings.proxies),
                forwarded_allow_ips=settings.proxies,
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


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=1024)
    except OSError as error:
        raise GatewayError(
            f"cannot listen on {host}:{port}: {error.strerror or error}",
            action="set TRADEFLOW_GATEWAY_PORT to another port, or to 0 for any free one",
        ) from error
