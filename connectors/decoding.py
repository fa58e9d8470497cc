"""Messages of the broker to events."""

from typing import Any

from confluent_kafka import Message

from connectors.event import TOMBSTONE, Event, Place
from schemas.codec import decode


class Decoder:
    """Makes events, which share the objects of their partitions."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, int], Place] = {}

    def place(self, topic: str, partition: int) -> Place:
        """The one object for this partition."""
        place = self._places.get((topic, partition))
        if place is None:
            place = self._places[topic, partition] = Place(topic, partition)
        return place

    def position(self, message: Message) -> tuple[Place, int]:
        """Where a message that is no error stands: its partition and its offset."""
        raw: Any = message
        return self.place(raw.topic(), raw.partition()), raw.offset()

    def event(self, message: Message) -> Event:
        """The event of a message that is no error.

        Raises:
            DecodeError: its bytes are no record.
        """
        # The client's annotations say «or None» of what only an error lacks.
        raw: Any = message
        value = raw.value()
        name, record = decode(value) if value is not None else (TOMBSTONE, {})
        return Event(
            self.place(raw.topic(), raw.partition()),
            raw.offset(),
            raw.key(),
            name,
            record,
            _headers(raw),
            raw.timestamp()[1],
        )


def _headers(message: Any) -> dict[str, bytes]:
    try:
        return {header: text or b"" for header, text in message.headers() or ()}
    except (SystemError, UnicodeDecodeError):
        # A name that is no text: the client gives none of them.
        return {}
