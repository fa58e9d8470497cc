"""A message to many: each form of it is made once, when the first client asks for it."""

from collections.abc import Callable, Hashable
from typing import Any

import orjson

from web.binance.reply import to_json
from web.fanout.frames import text_frame

COMBINED = 1
"""In an object with the stream's name."""
MICROSECONDS = 2
"""Times in microseconds."""
FRAMED = 4
"""As a WebSocket frame, ready for the transport."""

Form = int
"""A sum of the above."""


class Message:
    """What is told on a stream.

    ``key`` says what a client that reads slowly may miss: of the messages with one key that wait
    for it only the newest is kept.  None: every one counts.  Where the newest does not say all that
    the older ones said, ``whole`` makes the message that does.
    """

    __slots__ = ("_content", "_forms", "_instead", "_stream", "_whole", "key")

    def __init__(
        self,
        stream: str,
        content: Any,
        *,
        key: Hashable | None = None,
        whole: "Callable[[], Message] | None" = None,
    ) -> None:
        self._stream = stream
        self._content = content
        self._whole = whole
        self._instead: Message | None = None
        self._forms: dict[Form, bytes] = {}
        self.key = key

    def encoded(self, form: Form) -> bytes:
        """Its bytes."""
        known = self._forms.get(form)
        if known is None:
            known = self._forms[form] = self._encode(form)
        return known

    def instead_of_older(self, form: Form) -> bytes:
        """Its bytes where it takes the place of one that was not sent."""
        if self._whole is None:
            return self.encoded(form)
        if self._instead is None:
            # As it is now, for all who are slow.
            self._instead = self._whole()
        return self._instead.encoded(form)

    def _encode(self, form: Form) -> bytes:
        if form & FRAMED:
            return text_frame(self.encoded(form & ~FRAMED))
        if form & COMBINED:
            data = self.encoded(form & ~COMBINED)
            return b'{"stream":' + orjson.dumps(self._stream) + b',"data":' + data + b"}"
        return to_json(self._content, in_microseconds=bool(form & MICROSECONDS))


class Text(Message):
    """A text that is made already: the same in every form."""

    __slots__ = ("_payload",)

    def __init__(self, payload: bytes) -> None:
        super().__init__("", None)
        self._payload = payload

    def _encode(self, form: Form) -> bytes:
        return text_frame(self._payload) if form & FRAMED else self._payload
