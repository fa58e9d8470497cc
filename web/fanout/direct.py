"""A wire without detours: uvicorn's WebSocket protocol, with frames written to its transport.

Through ASGI each message to each client is a dictionary, a coroutine and a frame of its own.  Here
the bytes that all clients share go straight to the transport, and how many bytes wait in front of
the socket says how slow a client is.  The handshake, what clients send and pings are uvicorn's.
"""

import socket
from collections.abc import Sequence
from typing import Any

from starlette.types import Scope
from websockets.exceptions import InvalidState
from websockets.frames import Frame

from web.breaking_off import BreakingOffProtocol
from web.clock import now_ms
from web.fanout.wire import FULL_BYTES, Wire, WireEvents

_EXTENSION = "tradeflow.wire"
_SHUTDOWN_SECONDS = 1.0
_KERNEL_BYTES = 2 * FULL_BYTES


def direct_wire(scope: Scope) -> Wire | None:
    """The wire of a WebSocket's scope; None: the server has none to offer."""
    found: Wire | None = scope.get("extensions", {}).get(_EXTENSION)
    return found


class FrameProtocol(BreakingOffProtocol):
    """uvicorn's protocol that is a wire; of its transport nobody else writes data."""

    is_framed = True

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.is_full = False
        self._events: WireEvents | None = None
        self._owed_pong = b""

    # --- a wire -----------------------------------------------------------------------------------

    def attach(self, events: WireEvents) -> None:
        """Say who is told of what happens."""
        self._events = events
        self.transport.set_write_buffer_limits(high=FULL_BYTES)
        # Left alone the kernel would take megabytes, and a client that does not read would get
        # minutes of what is no news any more before it is found to be slow.
        peer = self.transport.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BYTES)

    def write(self, parts: Sequence[bytes]) -> None:
        """Hand frames to the transport."""
        if not (self.close_sent or self.transport.is_closing()):
            self.transport.write(b"".join(parts))

    def end(self, code: int, reason: str) -> None:
        """Close behind what was written, and break off what does not read."""
        if self.close_sent or self.transport.is_closing():
            return
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        try:
            self.conn.send_close(code, reason)
        except InvalidState:
            # The client was faster.
            return
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(self.close_seconds, self.transport.abort)

    # --- uvicorn's --------------------------------------------------------------------------------

    async def run_asgi(self) -> None:
        """Offer the application the wire, and run it."""
        self.scope["extensions"][_EXTENSION] = self  # type: ignore[assignment]
        await super().run_asgi()

    async def send(self, message: Any) -> None:
        """Send what the application says."""
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            # A handshake that was refused with an answer is over; uvicorn takes it for a fault.
            self.handshake_complete = True

    def send_receive_event_to_app(self) -> None:
        """Hand a message on; one that is no text closes, and is no fault of ours to be logged."""
        if self.curr_msg_data_type == "text" and not _is_text(b"".join(self.frames)):
            self.frames = []
            if not self.close_sent:
                self.conn.send_close(1007)
                self.handle_parser_exception()
            return
        super().send_receive_event_to_app()

    def pause_writing(self) -> None:
        """More waits than should."""
        super().pause_writing()
        self.is_full = True

    def resume_writing(self) -> None:
        """Most of it is gone."""
        super().resume_writing()
        self.is_full = False
        if self._owed_pong and not (self.close_sent or self.transport.is_closing()):
            self.transport.write(self._owed_pong)
        self._owed_pong = b""
        if self._events is not None:
            self._events.on_writable()

    def handle_cont(self, event: Frame) -> None:
        """A further piece of a message; empty ones could be kept without end."""
        if event.data or event.fin:
            super().handle_cont(event)

    def handle_ping(self) -> None:
        """Answer, and count it; who does not read is owed the last answer only (RFC 6455, 5.5.3).

        Otherwise the answers would pile up for as long as he asks.
        """
        if not self.is_full:
            super().handle_ping()
        elif pongs := self.conn.data_to_send():
            self._owed_pong = pongs[-1]
        if self._events is not None:
            self._events.on_incoming()

    def handle_pong(self, event: Frame) -> None:
        """Note a sign of life, and count it."""
        super().handle_pong(event)
        if self._events is not None:
            self._events.on_incoming()

    def send_keepalive_ping(self) -> None:
        """Ask for a sign of life, with the time in digits: some clients take it for text."""
        self.ping_timer = None
        if self.close_sent or self.transport.is_closing():
            return
        self.pending_ping_payload = b"%d" % now_ms()
        self.ping_sent_at = self.loop.time()
        self.conn.send_ping(self.pending_ping_payload)
        self.transport.write(b"".join(self.conn.data_to_send()))
        assert self.ping_timeout is not None
        self.pong_timer = self.loop.call_later(self.ping_timeout, self.keepalive_timeout)

    def keepalive_timeout(self) -> None:
        """Close as Binance does."""
        self.pong_timer = None
        self.pending_ping_payload = None
        self.end(1008, "Pong timeout")

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        super().connection_lost(exc)
        if self._events is not None:
            self._events.on_lost()

    def handle_close(self, event: Frame) -> None:
        """The client closes; what was written before is for it to read, but not for ever."""
        super().handle_close(event)
        self._cut_off_later(self.close_seconds)

    def handle_parser_exception(self) -> None:
        """The client sends what is no WebSocket."""
        super().handle_parser_exception()
        self._cut_off_later(self.close_seconds)

    def shutdown(self) -> None:
        """The server stops: whoever does not read now will not be waited for."""
        super().shutdown()
        self._cut_off_later(_SHUTDOWN_SECONDS)

    def _cut_off_later(self, seconds: float) -> None:
        # A transport that is closed is kept until its last byte is read.
        if self.transport.get_write_buffer_size():
            self.loop.call_later(seconds, self.transport.abort)


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
