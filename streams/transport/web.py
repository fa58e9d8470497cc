"""``/health`` and ``/metrics`` of a worker."""

import errno
import logging
from typing import TYPE_CHECKING

from aiohttp import web

from streams.transport.errors import ConfigError

if TYPE_CHECKING:
    from streams.transport.app import App

log = logging.getLogger(__name__)


class WorkerWeb:
    """A small HTTP server on the worker's event loop.

    ``GET /health``: 200 while live (503 once it failed), with ``live``, ``ready``, the assignment
    and the positions.  ``GET /health/ready``: 200 only when assigned and restored.
    ``GET /metrics``: Prometheus text.
    """

    def __init__(self, app: "App") -> None:
        self._app = app
        self._runner: web.AppRunner | None = None
        self.port: int | None = None

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 takes a free one (see ``port``).

        Raises:
            ConfigError: the port is taken, or the host is not this machine's.
        """
        site = web.Application()
        site.router.add_get("/health", self._health)
        site.router.add_get("/health/ready", self._ready)
        site.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(site, access_log=None)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as exc:
            why = "the port is taken" if exc.errno == errno.EADDRINUSE else exc.strerror
            raise ConfigError(f"cannot serve /health and /metrics on {host}:{port}: {why}") from exc
        self.port = self._runner.addresses[0][1]
        log.info("serving /health and /metrics on http://%s:%d", host, self.port)

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _health(self, request: web.Request) -> web.Response:
        state = self._app.health()
        return web.json_response(state, status=200 if state["live"] else 503)

    async def _ready(self, request: web.Request) -> web.Response:
        state = self._app.health()
        return web.json_response(state, status=200 if state["ready"] else 503)

    async def _metrics(self, request: web.Request) -> web.Response:
        self._app.metrics.lag.clear()
        for tp, records in self._app.rounds.reader.lags.items():
            self._app.metrics.lag.labels(topic=tp.topic, partition=tp.partition).set(records)
        return web.Response(
            body=self._app.metrics.text(),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )
