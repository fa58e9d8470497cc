"""A record of a topic, decoded, with where it came from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

TOMBSTONE = ""
"""The name of an event without a record: a compacted topic forgets its key."""


class Place(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}"


@dataclass(frozen=True, slots=True)
class Event:
    """One record of the log; (topic, partition, offset) names it for good."""

    place: Place
    offset: int
    key: bytes | None
    name: str
    """The record's name, as the catalogue of topics has it; TOMBSTONE where there is none."""
    record: Mapping[str, Any]
    headers: Mapping[str, bytes]
    """By name; see ``schemas/headers.py``."""
    timestamp_ms: int
    """When it was logged."""

    @property
    def position(self) -> str:
        """``topic/partition/offset``."""
        return f"{self.place}/{self.offset}"
