"""Limits over STOMP: subscriptions weigh something."""

import asyncio

from tests.web.fanout.recording_wire import RecordingWire
from tests.web.gateway_parts import counting_limiter
from tests.web.memory_keys import MemoryKeys
from tests.web.standing_gateway import standing_gateway
from web.fanout.connection import Connection
from web.settings import GatewaySettings
from web.stomp.talk import StompTalk

AGAIN = (
    "SUBSCRIBE\nid:1\ndestination:/topic/orderbook/BTCUSDT\nreceipt:{0}\n\n\0"
    "UNSUBSCRIBE\nid:1\n\n\0"
)


def test_who_subscribes_again_and_again_is_told_to_stop() -> None:
    settings = GatewaySettings(limits="on", limit_weight="3/minute")
    gateway = standing_gateway(MemoryKeys(), limiter=counting_limiter(settings))

    async def play() -> RecordingWire:
        wire = RecordingWire()
        connection = Connection(
            gateway.fanout,
            wire,
            is_combined=False,
            in_microseconds=False,
            queue_bytes=1_000_000,
            messages_per_second=0,
        )
        talk = StompTalk(gateway, None, connection, "192.0.2.7")
        await talk.hear(connection, "CONNECT\naccept-version:1.2\n\n\0")
        for number in range(10):
            if connection.is_open:
                await talk.hear(connection, AGAIN.format(number))
        await talk.end()
        return wire

    wire = asyncio.run(play())

    told = b"".join(wire.written)
    assert told.count(b"RECEIPT\n") == 3
    assert b"-1003: " in told
    assert wire.ended is not None
