"""The gateway as an ASGI application."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from web.binance import openapi, rest, ws_api
from web.binance.catalogue import ENDPOINTS
from web.binance.errors import error
from web.binance.reply import to_json
from web.binance.streams import endpoint as streams
from web.edge.cross_origin import cross_origin
from web.edge.front import Front
from web.gateway import Gateway
from web.health import pages
from web.newcomers import page
from web.stomp import endpoint as stomp


def make_app(gateway: Gateway) -> Starlette:
    """The application over a gateway that is open."""
    routes: list[BaseRoute] = [
        *rest.routes(gateway, ENDPOINTS),
        *openapi.routes(gateway, ENDPOINTS),
        *streams.routes(gateway),
        *ws_api.routes(gateway, ENDPOINTS),
        *stomp.routes(gateway, ENDPOINTS),
        *pages.routes(gateway),
        *page.routes(gateway),
    ]
    front = Middleware(Front, metrics=gateway.metrics, used_weight=gateway.limiter.headers)
    return Starlette(
        routes=routes,
        middleware=[front, *cross_origin(gateway.settings)],
        exception_handlers={HTTPException: _not_there},
    )


async def _not_there(_request: Request, fault: Exception) -> Response:
    """No such address, or not with this method: in JSON, as everything that is refused."""
    assert isinstance(fault, HTTPException)
    refused = error("NOT_SUPPORTED")
    return Response(
        to_json(refused.as_json()),
        fault.status_code,
        media_type="application/json;charset=UTF-8",
        headers=dict(fault.headers or {}),
    )
