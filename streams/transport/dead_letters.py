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


def letter_of(message: "Message", *, reason: str, detail: str) -> DeadLetter:
    """The dead letter for ``message``."""
    topic, partition = tp_of(message)
    return DeadLetter(
        topic=topic,
        partition=partition,
        offset=offset_of(message),
        key=_as_bytes(message.key()),
        value=_as_bytes(message.value()),
        timestamp_ms=message.timestamp()[1],
        reason=reason,
        detail=detail,
    )


def _as_bytes(data: bytes | str | None) -> bytes | None:
    return data.encode() if isinstance(data, str) else data
