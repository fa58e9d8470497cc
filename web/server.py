"""Serves the gateway over HTTP."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from web.app import make_app
from web.auth.api_key import KeyRing
from web.binance.streams.goodbye import announce_shutdown
from web.edge.slow_clients import SlowClientProtocol
from web.errors import ConfigError, GatewayError
from web.fanout.direct import FrameProtocol
from web.gateway import Gateway
from web.opening import open_gateway
from web.settings import GatewaySettings

_STOP_SECONDS = 3
_LOOK_SECONDS = 1.0
MESSAGE_BYTES_MAX = 64 * 1024
"""Largest message of a WebSocket client: a thousand names of streams are half of it."""


async def serve(
    settings: GatewaySettings,
    keys: KeyRing,
    *,
    stop: asyncio.Event,
    on_ready: Callable[[str], None] = lambda url: None,
) -> None:
    """Answer requests until ``stop``; ``on_ready`` is told the URL.

    Raises:
        GatewayError: it cannot start, or go on; it says what to do.
    """
    listening = listen(settings.host, settings.port)
    with contextlib.closing(listening):
        async with open_gateway(settings, keys) as gateway:
            server = _Server(server_config(make_app(gateway), settings))
            serving = asyncio.create_task(server.serve([listening]))
            host, port = listening.getsockname()[:2]
            on_ready(f"http://{host}:{port}")
            try:
                await _until(stop, gateway)
            finally:
                announce_shutdown(gateway.fanout)
                server.should_exit = True
                await serving


async def _until(stop: asyncio.Event, gateway: Gateway) -> None:
    """Wait for the end; raises GatewayError when the log is read no more."""
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _LOOK_SECONDS)
        if not gateway.feed.is_alive:
            raise GatewayError(
                "the log is read no more, and what is known of the exchange grows old",
                action="see what was logged before this, and start the gateway again",
            )


def server_config(app: ASGIApp, settings: GatewaySettings) -> uvicorn.Config:
    """How an application is served."""
    return uvicorn.Config(
        app,
        http=_http_protocol(settings),
        log_config=None,
        # uvicorn tells of every WebSocket with its address, and that may be a listen key.
        log_level=logging.WARNING,
        access_log=False,
        lifespan="off",
        **web_socket_options(settings),
        timeout_graceful_shutdown=_STOP_SECONDS,
        server_header=False,
        # By default everybody on this machine could pretend to be others, for the limits.
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=settings.proxies,
    )


def _http_protocol(settings: GatewaySettings) -> type[SlowClientProtocol]:
    # uvicorn makes one for each connection, so what it is to know stands in its class.
    seconds = {
        "request_seconds": settings.request_seconds,
        "close_seconds": settings.close_seconds,
    }
    return type("GatewayHttp", (SlowClientProtocol,), seconds)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process."""
        yield


def web_socket_options(settings: GatewaySettings) -> dict[str, Any]:
    """How uvicorn is to speak WebSocket, by the names of its settings."""
    return {
        # uvicorn makes one for each connection, so what it is to know stands in its class.
        "ws": type("GatewayProtocol", (FrameProtocol,), {"close_seconds": settings.close_seconds}),
        # What is written to many is written once: not packed for each of them.
        "ws_per_message_deflate": False,
        "ws_max_size": MESSAGE_BYTES_MAX,
        # Clients look for a sign of life every 20 s and answer it.
        "ws_ping_interval": settings.ping_seconds,
        "ws_ping_timeout": settings.pong_seconds,
    }


def listen(host: str, port: int) -> socket.socket:
    """A socket for clients to come to; raises ConfigError."""
    try:
        listening = socket.create_server((host, port), backlog=1024)
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {host}:{port}: {error.strerror or error}",
            action="set TRADEFLOW_GATEWAY_PORT to another port, or to 0 for any free one",
        ) from error
    # Whoever connects has it from here: asyncio sets it only where it made the socket itself, and
    # without it an answer's body waits 40 ms for the client to acknowledge the head.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
