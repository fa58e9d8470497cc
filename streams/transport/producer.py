"""Faust's producer: ``topic.send()`` and its kin, inside the round's transaction."""

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from faust.transport.producer import Producer as FaustProducer
from faust.types import TP
from faust.types.tuples import FutureMessage, RecordMetadata

from streams.transport.errors import TransportError

if TYPE_CHECKING:
    from streams.transport.app import App


class Producer(FaustProducer):
    """Sends through the worker's one transactional producer.

    ``Batch.emit`` is the short way for agents; this is for Faust's own API, at Faust's own cost of
    a future for each message.
    """

    app: "App"

    mundane_level = "debug"

    async def on_start(self) -> None:
        """Nothing to buffer: the round is the buffer."""

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: Any,
        *,
        transactional_id: str | None = None,
    ) -> Awaitable[RecordMetadata]:
        """Add a record to the round; the offset is not known before its end (-1)."""
        if partition is None:
            self.app.round_producer.produce(topic, key, value, _pairs(headers))
        else:
            self.app.round_producer.produce_to(topic, partition, [{"key": key, "value": value}])
        done: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        at = -1 if partition is None else partition
        done.set_result(RecordMetadata(topic, at, TP(topic, at), -1, timestamp, 0))
        return done

    async def send_and_wait(self, *args: Any, **kwargs: Any) -> RecordMetadata:
        """Add a record to the round; what is waited for comes with the round's end."""
        return await (await self.send(*args, **kwargs))

    def send_soon(self, fut: FutureMessage) -> None:
        """Add a record to the round, from a function that cannot await."""
        message = fut.message
        topic = message.channel.get_topic_name()
        self.app.round_producer.produce(topic, message.key, message.value, _pairs(message.headers))

    async def flush(self) -> None:
        """The round's end flushes."""

    async def create_topic(self, topic: str, *args: Any, **kwargs: Any) -> None:
        """Topics are made before the group is joined."""

    def key_partition(self, topic: str, key: bytes) -> TP:
        """The partitioner runs inside librdkafka."""
        raise TransportError("the partition of a key is decided when the record is sent")

    def supports_headers(self) -> bool:
        """Kafka has had headers since 0.11."""
        return True


def _pairs(headers: Any) -> list[tuple[str, bytes]] | None:
    if not headers:
        return None
    return list(headers.items()) if hasattr(headers, "items") else list(headers)
