"""A client that never reads is broken off in the end."""

import socket

from tests.chaos.exchange import await_condition
from tests.web.memory_keys import key_of
from tests.web.socket_client import SocketClient, signed
from tests.web.standing_server import StandingServer
from tests.web.userdata.records import received_report
from web.binance import ws_api
from web.binance.catalogue import ENDPOINTS
from web.gateway import Gateway


def test_breaks_off_who_never_reads() -> None:
    def routes(gateway: Gateway) -> list[ws_api.WebSocketRoute]:
        return ws_api.routes(gateway, ENDPOINTS)

    with StandingServer(routes, close_seconds=0.1) as server:
        key = server.keys.add(key_of("alice"))
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        host, port = server.address.split(":")
        raw.connect((host, int(port)))
        url = f"ws://{server.address}/ws-api/v3"
        with SocketClient(url, sock=raw, max_queue=1, close_timeout=0.1) as deaf:
            deaf.ask("userDataStream.subscribe.signature", **signed(key))
            while server.gateway.user_data.listeners:
                server.publish([received_report()] * 500)
            assert server.connections == 1

            await_condition(lambda: server.connections == 0, "the connection is gone")
