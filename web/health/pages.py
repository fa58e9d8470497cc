"""``/health``, ``/health/ready`` and ``/metrics``."""

import time
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web.binance.reply import to_json
from web.gateway import Gateway


def routes(gateway: Gateway) -> list[Route]:
    """For people who run it, and for their tools."""
    pages = _Pages(gateway)
    return [
        Route("/health", pages.live),
        Route("/health/ready", pages.ready),
        Route("/metrics", pages.metrics),
    ]


class _Pages:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._started = time.monotonic()

    async def live(self, _request: Request) -> Response:
        """200 while it is of use to nobody to start it again."""
        await self._gateway.probes.ask()
        return self._health(200 if self._gateway.feed.is_alive else 503)

    async def ready(self, _request: Request) -> Response:
        """200 while requests can be answered."""
        await self._gateway.probes.ask()
        return self._health(200 if self._gateway.probes.is_ready else 503)

    async def metrics(self, _request: Request) -> Response:
        """Prometheus' text."""
        return Response(self._gateway.metrics.text(), media_type=CONTENT_TYPE_LATEST)

    def _health(self, status: int) -> Response:
        gateway = self._gateway
        shown: dict[str, Any] = {
            "live": gateway.feed.is_alive,
            "ready": gateway.probes.is_ready,
            "uptime_seconds": round(time.monotonic() - self._started, 1),
            "limits": gateway.limiter.mode,
            "commands_waiting": gateway.desk.waiting,
            "dependencies": gateway.probes.as_json(),
        }
        return Response(to_json(shown), status, media_type="application/json")
