"""What the feed hands on."""

from typing import Any, NamedTuple

END = "end"
"""The name of what is no record: all that is committed of this partition has been read."""


class Received(NamedTuple):
    """A committed record; a deletion has the name "" and no fields, nor has an END."""

    topic: str
    partition: int
    offset: int
    key: bytes
    name: str
    record: dict[str, Any]
    headers: dict[str, bytes]
    """Only of the topics that are read for replies; else empty."""
