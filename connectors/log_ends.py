"""Where partitions begin and end, asked without a word on any of their records."""

import logging
import time
from collections.abc import Collection, Mapping
from concurrent.futures import Future
from typing import Any

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from connectors.errors import ConfigError
from connectors.event import Place
from connectors.settings import ConnectorSettings

log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 5.0
_EVERY_SECONDS = 1.0
_EARLIEST: Any = OffsetSpec.earliest()  # type: ignore[no-untyped-call]
_LATEST: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]


class LogEnds:
    """Asks the broker; ``latest`` is what it said last, at most some seconds old."""

    def __init__(self, settings: ConnectorSettings, name: str) -> None:
        self.latest: dict[Place, int] = {}
        self._admin = AdminClient(settings.client(f"{name}-ends"), logger=log)
        self._asked: dict[Any, Future[Any]] = {}
        self._due = 0.0

    def look(self, places: Collection[Place]) -> None:
        """Take an answer that has come, and ask anew if it is time; never waits."""
        if self._asked and all(future.done() for future in self._asked.values()):
            self._note(self._asked)
            self._asked = {}
        now = time.monotonic()
        if places and not self._asked and now >= self._due:
            self._due = now + _EVERY_SECONDS
            self._asked = self._ask(places, _LATEST)

    def ask(self, places: Collection[Place]) -> dict[Place, int] | None:
        """The ends of these partitions; None: the broker does not answer."""
        return self._answers(places, _LATEST)

    def checked(self, positions: Mapping[Place, int]) -> dict[Place, int] | None:
        """Where to begin reading for these positions; None: the broker does not answer.

        Raises:
            ConfigError: a position is behind its partition's end.
        """
        if not positions:
            return {}
        firsts = self._answers(positions, _EARLIEST)
        ends = self._answers(positions, _LATEST, IsolationLevel.READ_UNCOMMITTED)
        if firsts is None or ends is None:
            return None
        for place, position in positions.items():
            if position > ends[place]:
                raise ConfigError(
                    f"the store has {place} up to {position}, but that ends at {ends[place]}: it "
                    "was fed from another log. Name another database, or fill this one anew: "
                    "--rebuild"
                )
            if 0 < position < firsts[place]:
                log.error(
                    "%s begins at %d, the store has it up to %d: what was between was deleted "
                    "before the store had it",
                    place,
                    firsts[place],
                    position,
                )
        return {place: max(position, firsts[place]) for place, position in positions.items()}

    def _answers(
        self,
        places: Collection[Place],
        spec: Any,
        level: IsolationLevel = IsolationLevel.READ_COMMITTED,
    ) -> dict[Place, int] | None:
        try:
            return {
                Place(each.topic, each.partition): future.result().offset
                for each, future in self._ask(places, spec, level).items()
            }
        except KafkaException as exc:
            log.warning("the broker does not say where partitions end: %s", exc)
            return None

    def _ask(
        self,
        places: Collection[Place],
        spec: Any,
        level: IsolationLevel = IsolationLevel.READ_COMMITTED,
    ) -> dict[Any, Future[Any]]:
        wanted = {TopicPartition(*place): spec for place in places}
        if not wanted:
            return {}
        return self._admin.list_offsets(
            wanted, isolation_level=level, request_timeout=_TIMEOUT_SECONDS
        )

    def _note(self, asked: Mapping[Any, Future[Any]]) -> None:
        for each, future in asked.items():
            if future.exception() is None:
                self.latest[Place(each.topic, each.partition)] = future.result().offset
