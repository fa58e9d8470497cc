"""The catalogue of topics."""

import pytest

from schemas.registry import read_schemas
from schemas.topics import DEAD_LETTER_BYTES_MAX, DEFAULT_KEYED_PARTITIONS, TOPICS, Topic

BY_NAME = {topic.name: topic for topic in TOPICS}


def test_names_are_there_once_and_are_legal() -> None:
    assert len(BY_NAME) == len(TOPICS)
    # Kafka takes «.» and «_» for the same in the names of metrics.
    assert len({name.replace(".", "_") for name in BY_NAME}) == len(TOPICS)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_values_are_records(topic: Topic) -> None:
    assert topic.values
    assert set(topic.values) <= read_schemas().keys()
    assert topic.producers
    assert topic.description.endswith(".")


def test_every_record_is_on_a_topic() -> None:
    assert {name for topic in TOPICS for name in topic.values} == read_schemas().keys()


def test_keyed_topics_have_one_partition_count() -> None:
    keyed = [topic for topic in TOPICS if topic.partitions == "keyed"]
    assert {topic.partition_count(10) for topic in keyed} == {10}
    assert {topic.partition_count() for topic in keyed} == {DEFAULT_KEYED_PARTITIONS}
    assert BY_NAME["matching.dead-letters"].partition_count(10) == 1


def test_changelogs_are_compacted_under_the_names_of_faust() -> None:
    changelogs = {topic.name: topic for topic in TOPICS if topic.table}
    assert set(changelogs) == {
        "matching-book-changelog",
        "accounts-wallet-changelog",
        "orders-orders-changelog",
        "orders-placements-changelog",
        "marketdata-market-changelog",
    }
    for topic in changelogs.values():
        assert topic.settings() == {
            "cleanup.policy": "compact",
            "segment.bytes": "16777216",
            "segment.ms": "10000",
            "min.cleanable.dirty.ratio": "0.1",
            "max.compaction.lag.ms": "10000",
            "delete.retention.ms": "60000",
        }


def test_everything_else_is_kept() -> None:
    # The last word on each window and book stays; tickers are news.
    others = {"candles": "compact", "orderbook.snapshots": "compact", "tickers": "delete"}
    for topic in TOPICS:
        if topic.name in others:
            assert topic.settings()["cleanup.policy"] == others[topic.name]
        elif not topic.table:
            assert topic.settings()["cleanup.policy"] == "delete"
            assert topic.settings()["retention.ms"] == "-1"


def test_a_dead_letter_has_room_for_its_input() -> None:
    letters = BY_NAME["matching.dead-letters"].settings()["max.message.bytes"]
    largest = max(
        int(t.config.get("max.message.bytes", 0)) for t in TOPICS if "matching" in t.consumers
    )
    assert int(letters) == DEAD_LETTER_BYTES_MAX >= largest + 65_536
