"""A topic of the log as far as it goes by now, read on and not anew each time."""

import time
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from schemas.codec import decode

_SECONDS = 60.0


class LogTail:
    """One topic's committed records; used by one thread at a time."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        about = {"bootstrap.servers": bootstrap, "group.id": "tail", "enable.auto.commit": False}
        # A reader of what is committed would be told where the first open transaction begins.
        self._asking = Consumer({**about, "isolation.level": "read_uncommitted"})
        self._reading = Consumer(
            {
                **about,
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 10,
            }
        )
        partitions = self._asking.list_topics(topic, timeout=_SECONDS).topics[topic].partitions
        self._partitions = [TopicPartition(topic, number, 0) for number in partitions]
        self._reading.assign(self._partitions)
        self._read = dict.fromkeys(partitions, 0)
        self._records: list[tuple[str, dict[str, Any]]] = []

    def records(self) -> list[tuple[str, dict[str, Any]]]:
        """Names and contents of all records that were written before this call, and committed."""
        ends = {
            each.partition: self._asking.get_watermark_offsets(each, timeout=_SECONDS)[1]
            for each in self._partitions
        }
        deadline = time.monotonic() + _SECONDS
        while any(self._read[partition] < end for partition, end in ends.items()):
            assert time.monotonic() < deadline, f"at {self._read}, not at the ends {ends}"
            message = self._reading.poll(0.1)
            if message is None:
                continue
            if message.error() is None:
                self._records.append(decode(message.value()))
            else:
                self._read[message.partition()] = message.offset()
        return self._records

    def close(self) -> None:
        """End both clients."""
        self._asking.close()
        self._reading.close()
