"""What any Starlette costs: «hello», served as the gateway is.

Run as ``python -m bench.rivals.starlette_hello``; says on which port it listens.
"""

import socket

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from web.server import server_config
from web.settings import GatewaySettings

LISTENING = "listening at "
PATH = "/hello"


async def _hello(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


async def _serve() -> None:
    server = uvicorn.Server(
        server_config(Starlette(routes=[Route(PATH, _hello)]), GatewaySettings())
    )
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        print(f"{LISTENING}127.0.0.1:{listening.getsockname()[1]}", flush=True)
        await server.serve([listening])


if __name__ == "__main__":
    uvloop.run(_serve())
