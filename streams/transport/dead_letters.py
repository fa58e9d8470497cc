"""Dead letters: inputs that could not be understood, kept whole, with the reason."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from streams.transport.headers import Headers
from streams.transport.records import offset_of, tp_of

if TYPE_CHECKING:
    from confluent_kafka import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """An input record and why it could not be processed."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int
    reason: str
    detail: str


EncodeDeadLetter = Callable[[DeadLetter], tuple[bytes | None, Headers]]


def encode_plain(letter: DeadLetter) -> tuple[bytes | None, Headers]:
    """The value as it came, the reason in headers: what a transport without a schema does."""
    return letter.value, [
        ("dead-letter-reason", letter.reason.encode()),
        ("dead-letter-detail", letter.detail.encode()),
        ("dead-letter-source", f"{letter.topic}/{letter.partition}/{letter.offset}".encode()),
    ]


_KEY_BYTES_MAX = 65_536
_DETAIL_LENGTH_MAX = 1_000


def letter_of(message: "Message", *, reason: str, detail: str, value_bytes_max: int) -> DeadLetter:
    """The dead letter for ``message``.

    A topic's limit is of compressed batches, so an input may be larger than any output: then its
    value is cut, and the detail says so.
    """
    topic, partition = tp_of(message)
    key, value = _as_bytes(message.key()), _as_bytes(message.value())
    detail = detail[:_DETAIL_LENGTH_MAX]
    if value is not None and len(value) > value_bytes_max:
        detail = f"{detail} (cut: it has {len(value)} bytes)"
        value = value[:value_bytes_max]
    if key is not None and len(key) > _KEY_BYTES_MAX:
        detail = f"{detail} (cut: its key has {len(key)} bytes)"
        key = key[:_KEY_BYTES_MAX]
    return DeadLetter(
        topic=topic,
        partition=partition,
        offset=offset_of(message),
        key=key,
        value=value,
        timestamp_ms=message.timestamp()[1],
        reason=reason,
        detail=detail,
    )


def _as_bytes(data: bytes | str | None) -> bytes | None:
    return data.encode() if isinstance(data, str) else data
