"""Which records nobody waits for, by the names of what is in them."""

from collections.abc import Callable, Iterable

from confluent_kafka import Message

from schemas.careful import HEADER_BYTES
from schemas.codec import header
from schemas.registry import registry


def urgent_but(names: Iterable[str]) -> Callable[[Message], bool]:
    """Whether a record is urgent: all are, but those of these names, as they are written now.

    It looks at the header alone, for every record that is taken: whatever it does not know, older
    versions and what cannot be read, is urgent.
    """
    unhurried = frozenset(header(registry().newest[name][0]) for name in names)

    def is_urgent(message: Message) -> bool:
        value = message.value()
        return value is None or value[:HEADER_BYTES] not in unhurried

    return is_urgent
