"""Commands on money from outside, each answered by its event."""

import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from schemas.codec import decode, encode
from schemas.headers import CORRELATION_ID, Actor, RecordHeaders
from schemas.topics import WALLET_COMMANDS, WALLET_EVENTS
from tradeflow.errors import TradeflowError
from tradeflow.partitioning import partition_of
from tradeflow.topic_reader import Partition, TopicReader, Topics, client_settings

Event = tuple[str, dict[str, Any]]
"""The name of the record, and the record."""

_START_FIRST = "Start the stage that keeps accounts: tradeflow worker accounts"


class WalletDesk:
    """Sends wallet commands and waits for what the accounts stage says to them."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._topics = Topics(bootstrap)
        counts = self._topics.partition_counts()
        for topic in (WALLET_COMMANDS, WALLET_EVENTS):
            if topic.name not in counts:
                raise TradeflowError(
                    f"The broker at {bootstrap} has no topic {topic.name}.", remedy=_START_FIRST
                )
        self._partitions = counts[WALLET_EVENTS.name]

    def ask(self, kind: str, command: Mapping[str, Any], *, timeout_seconds: float = 10.0) -> Event:
        """The event that a command led to.

        Raises:
            TradeflowError: no answer in time: what became of the command is not known.
        """
        # The same command may have been sent before: an answer to that is not the answer to this.
        asked = str(uuid4()).encode()
        partition = self.events_of(command["account_id"])
        reader = TopicReader(self._bootstrap, self._topics.ends([partition]), wait_ms=50)
        try:
            self._send(kind, command, correlation_id=asked.decode())
            deadline = time.monotonic() + timeout_seconds
            while time.monotonic() < deadline:
                for record in reader.read(0.2):
                    if record.header(CORRELATION_ID) == asked:
                        return decode(record.value or b"")
        finally:
            reader.close()
        raise TradeflowError(
            f"No answer came within {timeout_seconds:g} s, so it is not known whether it was done.",
            remedy=f"To ask again, not do it again: --id {command['command_id']}. {_START_FIRST}",
        )

    def events_of(self, account_id: str) -> Partition:
        """The partition of ``wallet.events`` that an account is in."""
        return Partition(WALLET_EVENTS.name, partition_of(account_id.encode(), self._partitions))

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
                WALLET_COMMANDS.name,
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
