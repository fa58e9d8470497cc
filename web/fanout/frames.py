"""WebSocket frames as a server sends them (RFC 6455, 5.2)."""

_TEXT = 0x81
"""A text, all of it in this frame."""
_LENGTH_IN_TWO_BYTES = 126
_LENGTH_IN_EIGHT_BYTES = 127


def text_frame(payload: bytes) -> bytes:
    """The frame of a text: a server's are not masked, so all clients are sent the same bytes."""
    length = len(payload)
    if length < _LENGTH_IN_TWO_BYTES:
        head = bytes((_TEXT, length))
    elif length < 1 << 16:
        head = bytes((_TEXT, _LENGTH_IN_TWO_BYTES)) + length.to_bytes(2, "big")
    else:
        head = bytes((_TEXT, _LENGTH_IN_EIGHT_BYTES)) + length.to_bytes(8, "big")
    return head + payload
