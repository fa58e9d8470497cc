"""The gateway as an ASGI application."""

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from web.binance import openapi, rest, ws_api
from web.binance.catalogue import ENDPOINTS
from web.binance.streams import endpoint as streams
from web.gateway import Gateway


def make_app(gateway: Gateway) -> Starlette:
    """The application over a gateway that is open."""
    routes: list[BaseRoute] = [
        *rest.routes(gateway, ENDPOINTS),
        *openapi.routes(gateway, ENDPOINTS),
        *streams.routes(gateway),
        *ws_api.routes(gateway, ENDPOINTS),
    ]
    return Starlette(routes=routes)
