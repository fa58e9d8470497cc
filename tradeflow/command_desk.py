"""Commands from outside, each answered by what the exchange writes of it."""

import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from schemas.codec import decode, encode
from schemas.headers import CORRELATION_ID, Actor, RecordHeaders
from schemas.partitioning import partition_of
from schemas.topics import Topic
from tradeflow.errors import TradeflowError
from tradeflow.topic_reader import Partition, TopicReader, Topics, client_settings

Answer = tuple[str, dict[str, Any]]
"""The name of the record, and the record."""


class CommandDesk:
    """Sends commands of accounts to one topic, and waits for what comes of them on another."""

    def __init__(
        self, bootstrap: str, *, commands: Topic, answers: Topic, start_first: str
    ) -> None:
        """Find both topics.

        Raises:
            TradeflowError: one of them is missing; ``start_first`` says what to do then.
        """
        self._bootstrap = bootstrap
        self._commands = commands
        self._answers = answers
        self._start_first = start_first
        self._topics = Topics(bootstrap)
        counts = self._topics.partition_counts()
        for topic in (commands, answers):
            if topic.name not in counts:
                raise TradeflowError(
                    f"The broker at {bootstrap} has no topic {topic.name}.", remedy=start_first
                )
        self._partitions = counts[answers.name]

    def ask(
        self,
        kind: str,
        command: Mapping[str, Any],
        *,
        is_complete: Callable[[list[Answer]], bool] = bool,
        timeout_seconds: float = 10.0,
    ) -> list[Answer]:
        """What a command led to, in order, until ``is_complete`` says that it is all.

        Raises:
            TradeflowError: that did not come in time: what became of the command is not known.
        """
        # The same command may have been sent before: an answer to that is not the answer to this.
        asked = str(uuid4()).encode()
        partition = self.answers_of(command["account_id"])
        reader = TopicReader(self._bootstrap, self._topics.ends([partition]), wait_ms=50)
        answers: list[Answer] = []
        try:
            self._send(kind, command, correlation_id=asked.decode())
            deadline = time.monotonic() + timeout_seconds
            while time.monotonic() < deadline:
                for record in reader.read(0.2):
                    if record.header(CORRELATION_ID) == asked:
                        answers.append(decode(record.value or b""))
                if is_complete(answers):
                    return answers
        finally:
            reader.close()
        raise TradeflowError(
            f"No answer came within {timeout_seconds:g} s, so it is not known whether it was done.",
            remedy=f"To ask again, not do it again: --id {command['command_id']}. "
            f"{self._start_first}",
        )

    def answers_of(self, account_id: str) -> Partition:
        """The partition of the answers that an account is in."""
        return Partition(self._answers.name, partition_of(account_id.encode(), self._partitions))

    def _send(self, kind: str, command: Mapping[str, Any], *, correlation_id: str) -> None:
        failures: list[KafkaError] = []

        def note(error: KafkaError | None, _message: Message) -> None:
            if error is not None:
                failures.append(error)

        settings: dict[str, Any] = {
            **client_settings(self._bootstrap),
            "enable.idempotence": True,
            # Java's clients and the stages put a key into the same partition.
            "partitioner": "murmur2_random",
            "message.timeout.ms": 10_000,
        }
        headers = RecordHeaders(
            correlation_id=correlation_id,
            actor=Actor(user=command["account_id"]),
            event_time_ms=command["time_ms"],
        ).to_headers()
        try:
            producer = Producer(settings)
            producer.produce(
                self._commands.name,
                encode(kind, command),
                key=command["account_id"].encode(),
                headers=headers,  # type: ignore[arg-type]
                on_delivery=note,
            )
            producer.flush(15)
        except KafkaException as error:
            raise TradeflowError(f"The command was not sent: {error}.") from error
        if failures:
            raise TradeflowError(f"The command was not sent: {failures[0].str()}.")
