"""The new topics that a rerun writes to: the live ones' names and settings, and a suffix."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from schemas.topics import TOPICS
from tradeflow.errors import TradeflowError
from tradeflow.simulation.rounds import Output
from tradeflow.topic_reader import Topics, broker_error, client_settings

_FLUSH_SECONDS = 60.0
_BY_NAME = {topic.name: topic for topic in TOPICS}


class TargetTopics:
    """Writes outputs to ``TOPIC.SUFFIX``."""

    def __init__(self, bootstrap: str, topics: Topics, suffix: str, names: Iterable[str]) -> None:
        self._topics = topics
        self._names = {name: f"{name}.{suffix}" for name in names}
        self.counts: Counter[str] = Counter()
        self._refused: KafkaError | None = None
        self._producer = Producer(
            {
                **client_settings(bootstrap),
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "compression.type": "lz4",
                "linger.ms": 20,
                "delivery.report.only.error": True,
                "on_delivery": self._on_failure,
            }
        )

    @property
    def names(self) -> list[str]:
        """The new topics."""
        return list(self._names.values())

    def make(self, *, replace: bool) -> None:
        """Make the topics, empty.

        Raises:
            TradeflowError: one is there, and is not to be replaced.
        """
        counts = self._topics.partition_counts()
        there = [name for name in self._names.values() if name in counts]
        if there and not replace:
            raise TradeflowError(
                f"There is a topic {there[0]} already.",
                remedy="Take another --suffix, or say --replace to make it anew.",
            )
        admin = self._topics.admin
        try:
            for future in (admin.delete_topics(there) if there else {}).values():
                future.result()
            self._create(admin, counts)
        except KafkaException as error:
            raise broker_error(error) from error

    def _create(self, admin: AdminClient, counts: Mapping[str, int]) -> None:
        new = [
            NewTopic(target, counts[name], config=_BY_NAME[name].settings())
            for name, target in self._names.items()
        ]
        left = {topic.topic: topic for topic in new}
        while left:
            for name, future in admin.create_topics(list(left.values())).items():
                try:
                    future.result()
                except KafkaException as error:
                    # One that is being deleted is there until it is gone.
                    if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                        raise
                else:
                    del left[name]

    def write(self, outputs: Iterable[Output]) -> None:
        """Send outputs; waits while too many are on their way."""
        for output in outputs:
            name = self._names.get(output.topic)
            if name is not None:
                self._send(name, output)
        self._producer.poll(0)
        self._require_taken()

    def _send(self, name: str, output: Output) -> None:
        place: dict[str, Any] = {} if output.partition is None else {"partition": output.partition}
        headers: Any = output.headers
        while True:
            try:
                self._producer.produce(name, output.value, output.key, headers=headers, **place)
                break
            except BufferError:
                self._producer.poll(0.1)
        self.counts[name] += 1

    def flush(self) -> None:
        """Wait until all is written.

        Raises:
            TradeflowError: the broker has not taken all of it.
        """
        if self._producer.flush(_FLUSH_SECONDS):
            raise TradeflowError(
                "The broker did not take all records in time.",
                remedy="Run it again with --replace.",
            )
        self._require_taken()

    def _on_failure(self, error: KafkaError | None, _message: object) -> None:
        self._refused = self._refused or error

    def _require_taken(self) -> None:
        if self._refused is not None:
            raise TradeflowError(
                f"The broker refused a record: {self._refused.str()}.",
                remedy="Run it again with --replace.",
            )
