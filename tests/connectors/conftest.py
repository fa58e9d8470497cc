"""A broker with the exchange's own topics: tests that share it name the same topics."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.decoding import Decoder
from connectors.event import TOMBSTONE, Event, Place
from schemas.codec import decode
from schemas.topics import TOPICS
from tests.connectors.feeding import eventually, make_topics
from tests.tradeflow.checking.made_exchange import PARTITIONS
from tradeflow.broker import BrokerSettings, EmbeddedBroker
from tradeflow.topic_reader import TopicReader, Topics


@dataclass(frozen=True)
class ExchangeTopics:
    """The topics of one exchange, on a broker of their own."""

    bootstrap: str

    def events(self, topics: tuple[str, ...]) -> list[Event]:
        """All that is on these topics, read by another consumer than the connector's."""
        known = Topics(self.bootstrap)
        reader = TopicReader(self.bootstrap, known.starts(known.partitions(*topics)))
        places, events = Decoder(), []
        while not reader.at_end():
            for record in reader.read(1.0):
                name, content = (
                    decode(record.value) if record.value is not None else (TOMBSTONE, {})
                )
                place = places.place(*record.partition)
                about = (record.key, name, content, dict(record.headers), record.timestamp_ms)
                events.append(Event(place, record.offset, *about))
        reader.close()
        return events

    def ends(self, topics: tuple[str, ...]) -> dict[Place, int]:
        """Where the partitions end."""
        known = Topics(self.bootstrap)
        return {Place(*each): at for each, at in known.ends(known.partitions(*topics)).items()}

    def reset_offsets(self, group: str, topics: tuple[str, ...]) -> None:
        """Set the group's offsets to the beginning."""
        start = [TopicPartition(*place, 0) for place in self.ends(topics)]
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        wanted = [ConsumerGroupTopicPartitions(group, start)]
        admin.alter_consumer_group_offsets(wanted)[group].result(30)


@pytest.fixture(scope="module")
def exchange_topics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExchangeTopics]:
    """Empty topics of an exchange, for one module."""
    folder = tmp_path_factory.mktemp("exchange-kafka")
    broker = EmbeddedBroker(BrokerSettings(port=0, data_dir=folder))
    broker.start()
    try:
        _make_topics(broker.bootstrap)
        yield ExchangeTopics(broker.bootstrap)
    finally:
        broker.stop()


@pytest.fixture
def fresh_topics(exchange_topics: ExchangeTopics) -> ExchangeTopics:
    """The same, emptied: for a test that writes a log of its own."""
    admin = AdminClient({"bootstrap.servers": exchange_topics.bootstrap})
    names = {topic.name for topic in TOPICS}
    for future in admin.delete_topics(list(names)).values():
        future.result(30)
    eventually(lambda: not names & admin.list_topics(timeout=10).topics.keys(), "they are gone")
    _make_topics(exchange_topics.bootstrap)
    return exchange_topics


def _make_topics(bootstrap: str) -> None:
    # Nothing is compacted away here, so that what was written is what is read.
    make_topics(bootstrap, {topic.name: topic.partition_count(PARTITIONS) for topic in TOPICS})
