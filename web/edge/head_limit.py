"""HTTP whose requests cannot have endless heads; the parser itself takes any."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from web.binance.errors import BinanceError
from web.binance.reply import to_json

HEAD_BYTES_MAX = 32 * 1024
"""Of a request's address and its headers together."""

_LINGER_SECONDS = 1.0


def _last_answer(title: str, refused: BinanceError) -> bytes:
    body = to_json(refused.as_json())
    return (
        f"HTTP/1.1 {refused.status} {title}\r\n"
        "content-type: application/json;charset=UTF-8\r\n"
        f"content-length: {len(body)}\r\n"
        "connection: close\r\n\r\n"
    ).encode() + body


_NO_HTTP = _last_answer("Bad Request", BinanceError(-1100, "This is no valid HTTP request."))
_TOO_LONG = _last_answer(
    "Request Header Fields Too Large",
    BinanceError(-1105, "The request's address and headers are too long.", status=431),
)


class HeadLimitProtocol(HttpToolsProtocol):
    """Closes a connection on which a request's head is too long."""

    _whole = 0
    """Bytes of the headers that have come whole,"""
    _unfinished = 0
    """and of what came since the last of them."""

    _has_moved_on = False
    """Whether a head or a message ended in what came last, or there was a piece of a body in it."""

    _is_refused = False

    def data_received(self, data: bytes) -> None:
        """Parse what came; a header that does not end is not waited for."""
        if self._is_refused:
            return
        self._has_moved_on = False
        super().data_received(data)
        if self._is_refused or self.transport.is_closing():
            return
        # Of a piece in which a body ends it is not known how much was that.  Behind a body that
        # comes in chunks there may be headers as well: they are kept like a head's.
        if not self._has_moved_on:
            self._unfinished += len(data)
            if self._unfinished > HEAD_BYTES_MAX:
                self.send_400_response("")

    def on_message_begin(self) -> None:
        """Another request."""
        self._whole = self._unfinished = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """The address, or a part of it."""
        super().on_url(url)
        self._measure(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A whole header."""
        super().on_header(name, value)
        self._unfinished = 0
        self._measure(len(name) + len(value))

    def on_headers_complete(self) -> None:
        """From here on it is the body."""
        self._has_moved_on = True
        self._unfinished = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._has_moved_on = True
        self._unfinished = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """From here on it is the next request's head."""
        self._has_moved_on = True
        self._unfinished = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request, in JSON as everything that is refused, and close."""
        self._is_refused = True
        before = self.cycle
        if before is not None and not before.response_complete:
            if not before.more_body:
                # It came whole and is carried out: its own answer is the last one here.
                before.keep_alive = False
                return
            # It never came whole; whatever the application makes of it is told nobody.
            before.disconnected = True
        is_too_long = max(self._whole, self._unfinished) > HEAD_BYTES_MAX
        self.transport.write(_TOO_LONG if is_too_long else _NO_HTTP)
        self.transport.write_eof()
        # Closed at once, with bytes unread, the client would get a reset instead of the answer.
        self.loop.call_later(_LINGER_SECONDS, self.transport.close)

    def _measure(self, size: int) -> None:
        self._whole += size
        if self._whole > HEAD_BYTES_MAX:
            # The parser stops, and the protocol answers by ``send_400_response``.
            raise ValueError("the head is too long")
