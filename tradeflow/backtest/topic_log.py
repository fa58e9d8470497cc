"""The recorded command log of a running exchange: topics' records, all partitions in one order."""

import heapq
from collections.abc import Callable, Generator, Iterator

from schemas.codec import DecodeError, decode
from schemas.topics import ORDERS_EXECUTIONS
from tradeflow.errors import TradeflowError
from tradeflow.topic_reader import Partition, Record, TopicReader, Topics

_SILENCE_READS = 20
_READ_SECONDS = 1.0

_Placed = tuple[int, int, int, int, Record]
"""Time, rank of the topic, partition, offset: by these records are put in order."""


class TopicLog:
    """What some topics had when this was made, in the order of the log's time.

    Records of one partition keep their order; of one time, those of the topic named first come
    first.
    """

    def __init__(self, bootstrap: str, *names: str) -> None:
        self._bootstrap = bootstrap
        self._names = names
        topics = Topics(bootstrap)
        partitions = topics.partitions(*names)
        self._starts = topics.starts(partitions)
        self._ends = topics.ends(partitions)

    @property
    def size(self) -> int:
        """About as many records: marks of transactions are counted too."""
        return sum(end - self._starts[partition] for partition, end in self._ends.items())

    def records(self, *, at: Callable[[int], None] = lambda _read: None) -> Iterator[Record]:
        """All records; ``at`` is told how many were read.

        Raises:
            TradeflowError: the broker does not give them.
        """
        read = 0
        sources = [self._partition(partition) for partition in self._ends]
        try:
            for *_, record in heapq.merge(*sources):
                read += 1
                at(read)
                yield record
        finally:
            for source in sources:
                source.close()

    def _partition(self, partition: Partition) -> Generator[_Placed, None, None]:
        rank = self._names.index(partition.topic)
        start, end = self._starts[partition], self._ends[partition]
        if start >= end:
            return
        reader = TopicReader(self._bootstrap, {partition: start})
        time_ms, silent = 0, 0
        try:
            while reader.positions[partition] < end:
                records = reader.read(_READ_SECONDS)
                silent = 0 if records else silent + 1
                if silent > _SILENCE_READS:
                    raise TradeflowError(
                        f"The broker gives nothing of {partition} behind"
                        f" {reader.positions[partition]}.",
                        remedy="See that it runs, and try again.",
                    )
                for record in records:
                    if record.offset >= end:
                        return
                    time_ms = max(time_ms, record.timestamp_ms)
                    yield time_ms, rank, partition.number, record.offset, record
        finally:
            reader.close()


OrderName = tuple[str, str, str]
"""Symbol, account and the command that placed it."""


def live_order_ids(bootstrap: str) -> dict[tuple[str, int], OrderName]:
    """Which placement got which order id on the exchange, by symbol and order id."""
    found: dict[tuple[str, int], OrderName] = {}
    for record in TopicLog(bootstrap, ORDERS_EXECUTIONS.name).records():
        try:
            name, report = decode(record.value or b"")
        except DecodeError:
            continue
        if name == "ExecutionReport" and report["execution_type"] == "NEW":
            symbol = report["symbol"]
            placed = symbol, report["account_id"], report["command_id"]
            found[symbol, report["order_id"]] = placed
    return found
