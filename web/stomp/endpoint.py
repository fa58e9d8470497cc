"""``/stomp``: STOMP over WebSocket."""

from collections.abc import Iterable

from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from web.binance.endpoint import Endpoint
from web.binance.errors import BinanceError
from web.binance.reply import to_json
from web.fanout.connection import Connection
from web.fanout.serving import serve_connection
from web.gateway import Gateway
from web.stomp.session import SUBPROTOCOLS
from web.stomp.talk import StompTalk

PATH = "/stomp"
_PLACING = "order.place"
_CONNECTING_WEIGHT = 2


def routes(gateway: Gateway, endpoints: Iterable[Endpoint]) -> list[WebSocketRoute]:
    """The one address; orders are placed by the endpoint that places them."""
    placing = next((each for each in endpoints if each.ws_method == _PLACING), None)
    return [WebSocketRoute(PATH, _Stomp(gateway, placing).serve)]


class _Stomp:
    """Serves one connection after another."""

    def __init__(self, gateway: Gateway, placing: Endpoint | None) -> None:
        self._gateway = gateway
        self._placing = placing

    async def serve(self, websocket: WebSocket) -> None:
        """Talk with one client until it is gone."""
        address = websocket.client.host if websocket.client else ""
        try:
            await self._gateway.limiter.take(
                address=address, caller=None, weight=_CONNECTING_WEIGHT
            )
        except BinanceError as refused:
            body, headers = to_json(refused.as_json()), dict(refused.headers)
            await websocket.send_denial_response(Response(body, refused.status, headers=headers))
            return
        talks: list[StompTalk] = []

        def begin(connection: Connection) -> None:
            talks.append(StompTalk(self._gateway, self._placing, connection, address))

        async def hear(connection: Connection, text: str) -> None:
            await talks[0].hear(connection, text)

        offered = websocket.scope["subprotocols"]
        try:
            await serve_connection(
                websocket,
                self._gateway.fanout,
                self._gateway.settings,
                # Orders are weighed instead.
                messages_per_second=0,
                subprotocol=next((each for each in SUBPROTOCOLS if each in offered), None),
                on_open=begin,
                on_text=hear,
            )
        finally:
            for talk in talks:
                await talk.end()
