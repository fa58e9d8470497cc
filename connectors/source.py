"""Reads the sink's topics as a member of its group, from the positions that the store has."""

import logging
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from connectors.errors import BrokerError
from connectors.event import Place
from connectors.log_ends import LogEnds
from connectors.settings import ConnectorSettings

log = logging.getLogger(__name__)


class Source:
    """A group's consumer whose offsets come from elsewhere; for one thread.

    An assignment begins with nothing being read: whoever sees ``generation`` change asks the store
    for its positions and calls ``begin``.
    """

    def __init__(self, settings: ConnectorSettings, group: str, topics: Collection[str]) -> None:
        self.group = group
        self.topics = tuple(topics)
        self.assigned: frozenset[Place] = frozenset()
        self.generation = 0
        """Rises whenever what was read before must be thrown away."""
        self.ends = LogEnds(settings, group)
        self._settings = settings
        self._consumer: Consumer | None = None
        self._is_paused = False
        self._stray: list[Message] = []
        self._eof: dict[Place, int] = {}
        self._missing: set[str] = set()

    def subscribe(self) -> None:
        """Join the group.

        Raises:
            BrokerError: the client does not take these settings.
        """
        try:
            # Its log lines come from poll, on this thread.
            self._consumer = Consumer(self._settings.consumer(self.group), logger=log)
        except KafkaException as exc:
            _give_up(exc, "making the consumer")
        self._consumer.subscribe(
            list(self.topics),
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_revoke,
        )

    def begin(self, positions: Mapping[Place, int]) -> bool:
        """Read the assigned partitions from here on; False: ask again, the broker does not answer.

        A position that the log no longer has begins at what is left.

        Raises:
            ConfigError: a position is behind the end of the log: the store was fed from another.
        """
        starts = self.ends.checked(positions)
        if starts is None:
            return False
        self._eof = {}
        self._stray = []
        self._is_paused = False
        assignment = [TopicPartition(*place, at) for place, at in starts.items()]
        self._require().assign(assignment)
        # A partition that was paused when it was lost is still so when it comes back.
        self._require().resume(assignment)
        return True

    def take(self, timeout: float, limit: int) -> list[Message]:
        """The next records in the order of each partition; empty when none came in time.

        Nothing of it counts if ``generation`` changed meanwhile.
        """
        self._resume()
        taken = self._stray
        self._stray = []
        consumer = self._require()
        if not taken:
            # To ask for n messages would wait for n of them or the whole time-out.
            first = consumer.poll(timeout)
            taken = [] if first is None else [first]
        if taken and len(taken) < limit:
            taken += consumer.consume(limit - len(taken), 0)
        return [message for message in taken if not self._is_error(message)]

    def serve(self, timeout: float) -> None:
        """Stay a member of the group for so long without reading: the store cannot take more."""
        self._pause()
        message = self._require().poll(timeout)
        # One that was on its way when reading was paused.
        if message is not None and not self._is_error(message):
            self._stray.append(message)

    def end_read(self, place: Place) -> int:
        """The end of the partition if it was read that far, markers of transactions included."""
        return self._eof.get(place, 0)

    def commit(self, positions: Mapping[Place, int]) -> None:
        """Tell the group's offsets to tools that show lag; nobody resumes from them."""
        offsets = [TopicPartition(*place, at) for place, at in positions.items()]
        try:
            self._require().commit(offsets=offsets, asynchronous=True)
        except KafkaException as exc:
            log.debug("offsets of %s not committed: %s", self.group, exc)

    def close(self) -> None:
        """Leave the group."""
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    # --- inside poll and consume ------------------------------------------------------------------

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.assign([])
        self._now_assigned({Place(each.topic, each.partition) for each in partitions})

    def _on_revoke(self, consumer: Consumer, _partitions: list[TopicPartition]) -> None:
        consumer.unassign()
        self._now_assigned(set())

    def _now_assigned(self, places: Collection[Place]) -> None:
        self.assigned = frozenset(places)
        self.generation += 1
        self._is_paused = False
        self._stray = []

    # ----------------------------------------------------------------------------------------------

    def _pause(self) -> None:
        if not self._is_paused and self.assigned:
            self._require().pause([TopicPartition(*place) for place in self._reading()])
        self._is_paused = True

    def _resume(self) -> None:
        if self._is_paused:
            self._require().resume([TopicPartition(*place) for place in self._reading()])
            self._is_paused = False

    def _reading(self) -> list[Place]:
        # Before ``begin`` the consumer itself has nothing assigned.
        return [Place(each.topic, each.partition) for each in self._require().assignment()]

    def _is_error(self, message: Message) -> bool:
        """Whether this is no record; raises for what ends the connector."""
        error = message.error()
        if error is None:
            return False
        raw: Any = message
        code = error.code()
        if code == KafkaError._PARTITION_EOF:
            self._eof[Place(raw.topic(), raw.partition())] = raw.offset()
        elif code in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC):
            self._note_missing(str(raw.topic()))
        elif code == KafkaError._AUTO_OFFSET_RESET:
            log.error(
                "%s/%s no longer has the next offset: the log was cut before the store had it all",
                raw.topic(),
                raw.partition(),
            )
            # The positions are looked at again, and what is left is read.
            self.generation += 1
        elif error.fatal():
            _give_up(KafkaException(error), "reading")
        else:
            log.warning("while reading: %s", error.str())
        return True

    def _note_missing(self, topic: str) -> None:
        if topic not in self._missing:
            self._missing.add(topic)
            log.warning("there is no topic %s yet; it is read once its stage has made it", topic)

    def _require(self) -> Consumer:
        assert self._consumer is not None, "not subscribed"
        return self._consumer


def _give_up(exc: KafkaException, doing: str) -> NoReturn:
    fault = exc.args[0]
    said = fault.str() if isinstance(fault, KafkaError) else str(fault)
    raise BrokerError(f"{doing}: {said}; see that BROKER is right and that it runs") from exc
