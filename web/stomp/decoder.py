"""Frames out of bytes that come in any pieces; pure."""

import re

from web.stomp.frame import UNESCAPED, VERSIONS, Frame, StompError, Version, unescape

HEAD_BYTES_MAX = 16 * 1024
HEADERS_MAX = 64
BODY_BYTES_MAX = 64 * 1024

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_BETWEEN = re.compile(rb"(?:\r?\n)+")
_COMMAND = re.compile(r"[A-Z]{1,20}", re.ASCII)
_LENGTH = re.compile(r"[0-9]{1,9}", re.ASCII)
_LONGEST_END = 4


class Decoder:
    """Takes bytes as they come and gives whole frames; what it keeps is bounded.

    Once it has raised it is of no more use.
    """

    def __init__(self, version: Version = VERSIONS[0]) -> None:
        self.version = version
        """By which headers are unescaped: as agreed upon."""
        self._buffer = bytearray()
        self._seen = 0
        """How far the buffer was searched without success."""
        self._head: tuple[Frame, int | None] | None = None
        """A frame whose body is still to come, and the body's length where it is said."""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are whole by now, in order.

        Raises:
            StompError: these are no frames, or they are too large.
        """
        self._buffer += data
        frames = []
        while (frame := self.next()) is not None:
            frames.append(frame)
        return frames

    def next(self) -> Frame | None:
        """The next frame, if all of it is there.

        Raises:
            StompError: it is none, or too large.
        """
        if self._head is None:
            self._head = self._take_head()
        return None if self._head is None else self._take_body(*self._head)

    def push(self, data: bytes) -> None:
        """Take bytes without looking at them; ``next`` does."""
        self._buffer += data

    def _take_head(self) -> tuple[Frame, int | None] | None:
        buffer = self._buffer
        between = _BETWEEN.match(buffer)
        if between is not None:
            # Beats of the heart.
            del buffer[: between.end()]
        found = _HEAD_END.search(buffer, max(0, self._seen - _LONGEST_END))
        head_bytes = found.start() if found else len(buffer)
        # What is cut off by a zero or grows without end will not become a head.
        zero = buffer.find(0, 0, head_bytes)
        if zero >= 0:
            raise StompError("a frame without the empty line behind its headers")
        if head_bytes > HEAD_BYTES_MAX:
            raise StompError(f"more than {HEAD_BYTES_MAX} bytes of headers")
        if found is None:
            self._seen = len(buffer)
            return None
        head = bytes(buffer[:head_bytes])
        del buffer[: found.end()]
        self._seen = 0
        return self._read_head(head)

    def _read_head(self, head: bytes) -> tuple[Frame, int | None]:
        try:
            lines = [line.removesuffix("\r") for line in head.decode().split("\n")]
        except UnicodeDecodeError:
            raise StompError("headers that are not UTF-8") from None
        command = lines[0]
        if _COMMAND.fullmatch(command) is None:
            raise StompError(f"no command: {command[:20]!r}")
        if len(lines) > HEADERS_MAX + 1:
            raise StompError(f"more than {HEADERS_MAX} headers")
        headers: dict[str, str] = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if not colon or not name:
                raise StompError(f"a header without a name or a colon: {line[:20]!r}")
            if command not in UNESCAPED:
                name, value = unescape(name, self.version), unescape(value, self.version)
            headers.setdefault(name, value)
        return Frame(command, headers), _length(headers.get("content-length"))

    def _take_body(self, frame: Frame, length: int | None) -> Frame | None:
        buffer = self._buffer
        if length is None:
            length = buffer.find(0, self._seen)
            if length < 0:
                self._seen = len(buffer)
                if len(buffer) > BODY_BYTES_MAX:
                    raise _too_large()
                return None
            if length > BODY_BYTES_MAX:
                raise _too_large()
        elif len(buffer) <= length:
            return None
        if buffer[length] != 0:
            raise StompError("a body that is longer than its content-length")
        body = bytes(buffer[:length])
        del buffer[: length + 1]
        self._seen = 0
        self._head = None
        return Frame(frame.command, frame.headers, body)


def _length(text: str | None) -> int | None:
    if text is None:
        return None
    if _LENGTH.fullmatch(text) is None:
        raise StompError(f"content-length is no number: {text[:20]!r}")
    length = int(text)
    if length > BODY_BYTES_MAX:
        raise _too_large()
    return length


def _too_large() -> StompError:
    return StompError(f"a body of more than {BODY_BYTES_MAX} bytes")
