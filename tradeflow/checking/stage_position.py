"""How far a stage has come, asked without being one of its workers."""

from confluent_kafka import Consumer, KafkaException, TopicPartition

from tradeflow.topic_reader import Partition, broker_error, client_settings

_TIMEOUT_SECONDS = 15.0


class StagePosition:
    """The stage's committed offsets."""

    def __init__(self, bootstrap: str, group: str, partitions: list[Partition]) -> None:
        self.group = group
        self.partitions = partitions
        self._consumer = Consumer(
            {
                **client_settings(bootstrap),
                "group.id": group,
                # An offset in a transaction that is still open is waited for.
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
            }
        )

    def committed(self) -> dict[Partition, int]:
        """Input partition -> the next offset that will be worked on; 0 before the first."""
        asked = [TopicPartition(*partition) for partition in self.partitions]
        try:
            answer = self._consumer.committed(asked, timeout=_TIMEOUT_SECONDS)
        except KafkaException as error:
            raise broker_error(error) from error
        return {Partition(each.topic, each.partition): max(each.offset, 0) for each in answer}

    def close(self) -> None:
        self._consumer.close()
