"""HTTP that waits for no client without end: not for its request, and not for it to read."""

from asyncio import TimerHandle, Transport

from web.edge.head_limit import HeadLimitProtocol

_ANSWER = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class SlowClientProtocol(HeadLimitProtocol):
    """Ends a connection on which a request takes too long to come, or an answer to be read.

    uvicorn itself waits for both as long as the client likes, and each holds a socket.
    """

    request_seconds = 30.0
    """From a request's beginning, or a connection's, to the end of the request."""
    close_seconds = 30.0
    """How long a client may leave an answer unread that waits for it."""

    _is_begun = False
    _coming: TimerHandle | None = None
    _unread: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Somebody is there: a request is waited for."""
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """Parse what came; the rest of a request is waited for, and of most there is none."""
        super().data_received(data)
        if self._is_begun and self._coming is None:
            self._expect()

    def on_message_begin(self) -> None:
        """A request has begun."""
        self._is_begun = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """All of it is there."""
        self._expect_no_more()
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The client reads more slowly than it is written to."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self.close_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """It has read most of it, or is gone."""
        self._wait_for_no_reading()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """No further request came; what was not read until now is not waited for without end."""
        super().timeout_keep_alive_handler()
        self.loop.call_later(self.close_seconds, self.transport.abort)

    def handle_websocket_upgrade(self) -> None:
        """From here on another protocol looks after it."""
        self._expect_no_more()
        self._wait_for_no_reading()
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._expect_no_more()
        self._wait_for_no_reading()
        super().connection_lost(exc)

    def _expect(self) -> None:
        self._coming = self.loop.call_later(self.request_seconds, self._give_up)

    def _expect_no_more(self) -> None:
        self._is_begun = False
        if self._coming is not None:
            self._coming.cancel()
            self._coming = None

    def _wait_for_no_reading(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _give_up(self) -> None:
        self._coming = None
        if self._is_refused or self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(_ANSWER)
        self.transport.close()
