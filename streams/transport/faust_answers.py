"""What Faust asks of a consumer, where rounds leave nothing to do: it neither fetches nor seeks."""

from collections.abc import Iterable, Mapping
from typing import Any

from faust.transport.consumer import Consumer as FaustConsumer
from faust.types import TP

from streams.transport.errors import TransportError


class FaustAnswers(FaustConsumer):
    """A Faust consumer whose own machinery stands still."""

    def _get_tasks(self) -> Iterable[Any]:
        """None of Faust's commit timers: a round commits itself."""
        return ()

    async def wait_empty(self) -> None:
        """Nothing is in flight between rounds."""

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """A round commits itself."""
        return False

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        return False

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Fetching begins at the committed offsets; there is nothing to seek."""
        return {}

    async def _seek(self, partition: TP, offset: int) -> None:
        raise TransportError("a consumer of rounds cannot seek: offsets move with transactions")

    def _new_topicpartition(self, topic: str, partition: int) -> TP:
        return TP(topic, partition)

    async def _getmany(self, active_partitions: Any, timeout: float) -> dict[TP, Any]:
        return {}

    def _to_message(self, tp: TP, record: Any) -> Any:
        return record

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """See ``_seek``."""
        for tp, offset in partitions.items():
            await self._seek(tp, offset)

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """The ends of partitions, as far as the last fetches told."""
        return {tp: self.highwater(tp) for tp in partitions}

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        """Not kept: nothing of this transport asks for it."""
        return dict.fromkeys(partitions, 0)

    async def create_topic(self, topic: str, *args: Any, **kwargs: Any) -> None:
        """Topics are made, with the settings they are declared with, before the group is joined."""

    def key_partition(self, topic: str, key: bytes | None, partition: int | None = None) -> None:
        """The producer's partitioner decides when the record is sent."""
