"""HMAC signatures as Binance's clients make them, and the window in which a request counts.

https://developers.binance.com/docs/binance-spot-api-docs/rest-api/endpoint-security-type
"""

import hmac
import re

RECV_WINDOW_MS = 5_000
RECV_WINDOW_MAX_MS = 60_000
AHEAD_MAX_MS = 1_000
_MICROSECONDS_FROM = 10**14
"""A larger timestamp counts microseconds: in milliseconds it would be the year 5138."""

_SIGNATURE = re.compile(rb"(^|&)signature=[^&]*")
_HEX = re.compile(r"[0-9A-Fa-f]{64}", re.ASCII)


def sign(secret: str, payload: bytes) -> str:
    """The signature of these bytes, in lower-case hex."""
    return _digest(secret, payload).hex()


def is_signed_by(secret: str, payload: bytes, signature: str) -> bool:
    """Whether the signature is right, whatever its case; takes as long for a wrong one.

    Of a text that is no hex at all nothing is compared: that it is none is no secret.
    """
    if _HEX.fullmatch(signature) is None:
        return False
    return hmac.compare_digest(_digest(secret, payload), bytes.fromhex(signature))


def signed_payload(query: bytes, body: bytes) -> bytes:
    """What a REST request signs: query and body with nothing between them, without the signature.

    The bytes are those that were received, never made again from values.
    """
    return _without_signature(query) + _without_signature(body)


def _without_signature(part: bytes) -> bytes:
    rest = _SIGNATURE.sub(b"", part, count=1)
    return rest.removeprefix(b"&") if part.startswith(b"signature=") else rest


def _digest(secret: str, payload: bytes) -> bytes:
    return hmac.digest(secret.encode(), payload, "sha256")


def timestamp_ms(timestamp: int) -> int:
    """Milliseconds of a timestamp in milliseconds or microseconds."""
    return timestamp // 1_000 if timestamp >= _MICROSECONDS_FROM else timestamp
