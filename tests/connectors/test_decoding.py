"""Records as any client may have written them."""

from typing import Any

from connectors.decoding import Decoder
from schemas.codec import encode


class Message:
    """As much of a message as a decoder needs."""

    def __init__(self, headers: Any) -> None:
        self._headers = headers

    def topic(self) -> str:
        return "trades"

    def partition(self) -> int:
        return 1

    def offset(self) -> int:
        return 7

    def key(self) -> None:
        return None

    def value(self) -> bytes:
        return encode("Tick", {"time_ms": 5})

    def timestamp(self) -> tuple[int, int]:
        return 1, 9

    def headers(self) -> Any:
        if isinstance(self._headers, Exception):
            raise self._headers
        return self._headers


def headers_of(headers: Any) -> Any:
    message: Any = Message(headers)
    return Decoder().event(message).headers


def test_headers_without_a_value_are_empty() -> None:
    assert headers_of([("actor", None), ("event-time", b"1")]) == {"actor": b"", "event-time": b"1"}
    assert headers_of(None) == {}


def test_headers_that_the_client_cannot_give_are_none() -> None:
    assert headers_of(SystemError("a result with an exception set")) == {}
