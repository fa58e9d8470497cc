"""The addresses of streams without an exchange behind them: tests say what is told on which."""

import asyncio
import socket
import threading
from collections.abc import Callable, Hashable
from typing import Any, Literal

import uvicorn
from starlette.applications import Starlette

from tests.chaos.exchange import await_condition
from tests.web.gateway_parts import gateway_of
from web.binance.streams.endpoint import routes
from web.binance.streams.goodbye import announce_shutdown
from web.fanout.fanout import Fanout
from web.fanout.message import Message
from web.server import web_socket_options
from web.settings import GatewaySettings

WireKind = Literal["direct", "asgi"]


class BareStreams:
    """A server on a thread; ``asgi``: with a protocol of uvicorn's that knows no wires."""

    def __init__(self, kind: WireKind = "direct", **settings: Any) -> None:
        self.fanout = Fanout()
        self._settings = GatewaySettings(**settings)
        self._kind = kind
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server: uvicorn.Server | None = None
        self._thread = threading.Thread(target=self._run, name="bare streams")

    def __enter__(self) -> "BareStreams":
        self._thread.start()
        await_condition(lambda: self._server and self._server.started, "the server")
        return self

    def __exit__(self, *_about: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()
        self._socket.close()

    def tell(self, stream: str, content: Any, *, key: Hashable | None = None) -> None:
        """Publish on a stream."""
        self.on_loop(lambda: self.fanout.publish(stream, Message(stream, content, key=key)))

    def on_loop(self, call: Callable[[], Any]) -> Any:
        """Call this on the server's event loop, and give back what it gives."""

        async def called() -> Any:
            return call()

        return asyncio.run_coroutine_threadsafe(called(), self._loop).result(10)

    def await_listener(self, stream: str) -> None:
        """Wait until somebody listens to it."""
        await_condition(lambda: self.fanout.channel(stream), f"a listener to {stream}", every=0.005)

    def open_sockets(self) -> int:
        """How many connections the server has, whatever became of their clients."""
        assert self._server is not None
        return len(self._server.server_state.connections)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        gateway = gateway_of(self._settings, fanout=self.fanout)
        options = web_socket_options(self._settings)
        if self._kind == "asgi":
            options["ws"] = "websockets-sansio"
        config = uvicorn.Config(
            Starlette(routes=routes(gateway)),
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=3,
            **options,
        )
        self._server = server = uvicorn.Server(config)
        server.capture_signals = _no_signals  # type: ignore[method-assign, assignment]
        serving = asyncio.create_task(server.serve([self._socket]))
        await self._stop.wait()
        announce_shutdown(self.fanout)
        server.should_exit = True
        await serving


class _no_signals:  # noqa: N801
    """Signals are the process's."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_about: object) -> None:
        pass
