"""What a join needs to know of an input: its topic, and what its records mean."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from streams.transport import Batch
from streams.transport.errors import ConfigError
from streams.transport.records import timestamp_of

if TYPE_CHECKING:
    from confluent_kafka import Message


class Bad(NamedTuple):
    """Why a record cannot be understood: it becomes a dead letter with this reason."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Field:
    """One input of a join: what Faust's joins call a field.

    ``decode`` must give the same value for the same bytes always: a stored record is kept as the
    bytes it came as.
    """

    topic: str
    decode: Callable[[bytes], Any]
    """The value of a record's bytes, or ``Bad``."""
    key: Callable[[Any], str | None]
    """What records are joined by; None: such a value is not joined but passed on, in its place."""
    time_ms: Callable[[Any], int | None] = lambda value: None
    """The time of a value.  One that is joined has a time; one without moves no clock."""
    by_log_time: bool = False
    """The time of each record is the log's own instead, which the topic's settings say is whose."""
    check: Callable[["Message", Any], Bad | None] = lambda record, value: None
    """Says what is wrong with a record besides its bytes, such as its key."""
    is_judged_elsewhere: bool = False
    """Another agent of the stage says what is bad of this topic: here no value is no bytes."""
    ahead_ms: int | None = None
    """How far a time may be ahead of the record's own in the log.

    A clock never goes back: one record from the far future closes all windows.
    """

    def values(self, batch: Batch) -> Iterator[tuple[Any, bytes]]:
        """The values of a batch and their bytes, in order; what is bad becomes a dead letter."""
        decode, check = self.decode, self.check
        for record in batch:
            data = record.value()
            if data is None and self.is_judged_elsewhere:
                data = b""
            value = Bad("NO_VALUE", "the record is empty") if data is None else decode(data)
            bad = value if isinstance(value, Bad) else check(record, value)
            if bad is None and self.ahead_ms is not None:
                bad = self._ahead(record, value)
            if bad is not None:
                batch.dead_letter(bad.reason, bad.detail)
            elif data is not None:
                yield value, data

    def _ahead(self, record: "Message", value: Any) -> Bad | None:
        time_ms = self.time_ms(value)
        if time_ms is None or time_ms <= timestamp_of(record) + (self.ahead_ms or 0):
            return None
        return Bad("TIME_AHEAD", f"{time_ms} ms is more than {self.ahead_ms} ms ahead of the log")


class Passed(NamedTuple):
    """A value that was not joined, such as a tick, in its place among the results."""

    field: Field
    value: Any


def require_topics(stream: Any, wanted: set[str], what: str) -> None:
    """Raise where a stream's topics are not the inputs: records would be left out, unsaid.

    Raises:
        ConfigError: it has others, or lacks one.
    """
    topics = set(getattr(stream.channel, "topics", ()))
    if topics != wanted:
        raise ConfigError(f"{what} of {sorted(wanted)}, on a stream of {sorted(topics)}")
