"""A log in memory: topics of partitions of records, with a clock of its own."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b

from schemas.partitioning import partition_of

Headers = list[tuple[str, bytes]]

_partition_of = lru_cache(maxsize=4_096)(partition_of)


class LogRecord:
    """One record, which answers as a message of confluent-kafka does."""

    __slots__ = ("_headers", "_key", "_offset", "_partition", "_timestamp_ms", "_topic", "_value")

    def __init__(
        self,
        topic: str,
        partition: int,
        offset: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers | None,
        timestamp_ms: int,
    ) -> None:
        self._topic = topic
        self._partition = partition
        self._offset = offset
        self._key = key
        self._value = value
        self._headers = headers
        self._timestamp_ms = timestamp_ms

    def topic(self) -> str:
        """The topic's name."""
        return self._topic

    def partition(self) -> int:
        """The partition's number."""
        return self._partition

    def offset(self) -> int:
        """The place in the partition, from 0."""
        return self._offset

    def key(self) -> bytes | None:
        """The key's bytes."""
        return self._key

    def value(self) -> bytes | None:
        """The value's bytes; None is a tombstone."""
        return self._value

    def headers(self) -> Headers | None:
        """The headers, in order."""
        return self._headers

    def timestamp(self) -> tuple[int, int]:
        """The kind of the time (1: the producer's, 2: the log's) and the time, ms."""
        return 1, self._timestamp_ms

    @property
    def position(self) -> str:
        """``topic/partition/offset``."""
        return f"{self._topic}/{self._partition}/{self._offset}"


class SimulatedLog:
    """Partitions only grow; ``now_ms`` is the brokers' clock and never goes back."""

    def __init__(
        self, partition_counts: Mapping[str, int], *, stamped: Iterable[str], now_ms: int
    ) -> None:
        """Make the topics, empty.

        ``partition_counts`` says how many partitions each has; records of those in ``stamped`` have
        the log's time whatever their producer says.
        """
        self.now_ms = now_ms
        self._stamped = frozenset(stamped)
        self._partitions: dict[str, list[list[LogRecord]]] = {
            topic: [[] for _ in range(count)] for topic, count in partition_counts.items()
        }
        self._latest: dict[tuple[str, int], dict[bytes, bytes]] = {}
        self._digest = blake2b(digest_size=16)

    def append(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        headers: Headers | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> LogRecord:
        """Write a record, to the partition of its key where none is named.

        ``timestamp_ms`` is the producer's clock; None: it shows the log's time.
        """
        number = self.partition_of(topic, key) if partition is None else partition
        records = self._partitions[topic][number]
        is_logs = timestamp_ms is None or topic in self._stamped
        time_ms = self.now_ms if is_logs or timestamp_ms is None else timestamp_ms
        record = LogRecord(topic, number, len(records), key, value, headers, time_ms)
        records.append(record)
        self._digest.update(
            b"%s %d %d %r %r %r\n" % (topic.encode(), number, time_ms, key, value, headers)
        )
        return record

    def write_row(self, topic: str, partition: int, key: bytes, value: bytes | None) -> None:
        """Write a row to a changelog, which is compacted at once."""
        self.append(topic, key, value, partition=partition)
        rows = self._latest.setdefault((topic, partition), {})
        if value is None:
            rows.pop(key, None)
        else:
            rows[key] = value

    def rows(self, topic: str, partition: int) -> dict[bytes, bytes]:
        """What a changelog's partition has of each key."""
        return dict(self._latest.get((topic, partition), {}))

    def records(
        self, topic: str, partition: int, start: int = 0, end: int | None = None
    ) -> list[LogRecord]:
        """The records of a partition, from an offset on and before another."""
        return self._partitions[topic][partition][start:end]

    def all_records(self, topic: str) -> Iterator[LogRecord]:
        """The records of a topic, partition by partition."""
        for records in self._partitions[topic]:
            yield from records

    def end(self, topic: str, partition: int) -> int:
        """The offset of the next record."""
        return len(self._partitions[topic][partition])

    def partitions(self, topic: str) -> int:
        """How many partitions a topic has."""
        return len(self._partitions[topic])

    def partition_of(self, topic: str, key: bytes | None) -> int:
        """The partition that a key belongs to."""
        return _partition_of(key or b"", len(self._partitions[topic]))

    def digest(self) -> str:
        """32 hexadecimal digits over all that was ever written, in its order."""
        return self._digest.hexdigest()
