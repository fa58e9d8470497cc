"""The gateway as an ASGI application."""

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from web.binance import openapi, rest
from web.binance.catalogue import ENDPOINTS
from web.gateway import Gateway


def make_app(gateway: Gateway) -> Starlette:
    """The application over a gateway that is open."""
    routes: list[BaseRoute] = [
        *rest.routes(gateway, ENDPOINTS),
        *openapi.routes(gateway, ENDPOINTS),
    ]
    return Starlette(routes=routes)
