"""A gateway without an exchange, served on a real socket; tests say what comes from the log."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from tests.chaos.exchange import await_condition
from tests.web.memory_keys import MemoryKeys
from tests.web.standing_gateway import standing_gateway
from web.feed.record import Received
from web.gateway import Gateway
from web.server import web_socket_options

MakeRoutes = Callable[[Gateway], Iterable[BaseRoute]]


class StandingServer:
    """Routes over a standing gateway, on a thread of this process."""

    def __init__(
        self,
        make_routes: MakeRoutes,
        *,
        web_socket: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        self.keys = MemoryKeys()
        self.gateway = standing_gateway(self.keys, **settings)
        app = Starlette(routes=list(make_routes(self.gateway)))
        options = {**web_socket_options(self.gateway.settings), **(web_socket or {})}
        config = uvicorn.Config(
            app, port=0, log_config=None, access_log=False, lifespan="off", **options
        )
        self._server = uvicorn.Server(config)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="standing-server")

    def __enter__(self) -> Self:
        self._thread.start()
        await_condition(lambda: self._server.started, "the server listens")
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._loop.close()

    @property
    def address(self) -> str:
        """host:port."""
        host, port = self._server.servers[0].sockets[0].getsockname()[:2]
        return f"{host}:{port}"

    @property
    def connections(self) -> int:
        """How many sockets are open."""
        return len(self._server.server_state.connections)

    def publish(self, batch: Sequence[Received]) -> None:
        """Let these records come from the log."""
        self.call(lambda: self.gateway.hub.publish(batch))

    def call(self, work: Callable[[], Any]) -> Any:
        """What ``work`` gives, on the event loop."""

        async def do() -> Any:
            return work()

        return asyncio.run_coroutine_threadsafe(do(), self._loop).result(30)

    def _run(self) -> None:
        async def serve() -> None:
            self.gateway.user_data.start()
            await self._server.serve()
            await self.gateway.user_data.close()
            await self.gateway.listen_keys.disconnect()

        self._loop.run_until_complete(serve())
