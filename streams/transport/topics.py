"""Topics: created if missing, and checked against what this worker expects of them."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from streams.transport.config import TransportSettings
from streams.transport.errors import BrokerError, ConfigError
from streams.transport.kafka_errors import error_of, transport_error

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """A topic as this worker needs it; ``config`` holds the broker's topic settings as text."""

    name: str
    partitions: int
    config: Mapping[str, str] = field(default_factory=dict)


def wait_for_broker(
    settings: TransportSettings, give_up: Callable[[], bool] = lambda: False
) -> AdminClient:
    """A client of a broker that answers.

    Raises:
        BrokerError: none did within ``broker_wait_seconds``, or ``give_up`` said to stop waiting.
    """
    try:
        admin = AdminClient({**settings.common(), "log_level": 0}, logger=log)
    except KafkaException as exc:
        raise transport_error(error_of(exc), "making a client") from exc
    deadline = time.monotonic() + settings.broker_wait_seconds
    while True:
        try:
            admin.list_topics(timeout=min(1.0, settings.broker_wait_seconds))
            return admin
        except KafkaException as exc:
            if time.monotonic() > deadline or give_up():
                raise BrokerError(
                    f"no Kafka broker answers at {settings.bootstrap}: {error_of(exc).str()}"
                ) from exc


def ensure_topics(admin: AdminClient, specs: Iterable[TopicSpec], *, replication: int) -> None:
    """Create the topics that are missing and check the partitions of those that are there.

    Raises:
        ConfigError: a topic has another partition count; its keys would change partition.
    """
    wanted = {spec.name: spec for spec in specs}
    existing = admin.list_topics(timeout=10).topics
    new = [
        NewTopic(spec.name, spec.partitions, replication, config=dict(spec.config))
        for spec in wanted.values()
        if spec.name not in existing
    ]
    for name, future in (admin.create_topics(new) if new else {}).items():
        try:
            future.result()
            log.info("created topic %s with %d partitions", name, wanted[name].partitions)
        except KafkaException as exc:
            if error_of(exc).code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise transport_error(error_of(exc), f"creating topic {name}") from exc
    for name, count in _await_partitions(admin, set(wanted)).items():
        if count != wanted[name].partitions:
            raise ConfigError(
                f"topic {name} has {count} partitions, but {wanted[name].partitions} are set: "
                "topics that share a key need one count, and it is fixed when they are made"
            )


def _await_partitions(admin: AdminClient, names: set[str]) -> dict[str, int]:
    """Partition counts, once the broker's metadata shows every topic."""
    deadline = time.monotonic() + 30
    while True:
        topics = admin.list_topics(timeout=10).topics
        counts = {name: len(topics[name].partitions) for name in names if name in topics}
        if len(counts) == len(names) and all(counts.values()):
            return counts
        if time.monotonic() > deadline:
            raise BrokerError(f"topics did not appear: {sorted(names - set(counts))}")
        time.sleep(0.02)
