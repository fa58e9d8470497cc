"""Commands into an exchange: records of one of its topics, keyed by account."""

import logging
from collections.abc import Mapping
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

from schemas.codec import encoder
from schemas.headers import Actor, RecordHeaders
from schemas.topics import Topic
from tradeflow.errors import TradeflowError

log = logging.getLogger(__name__)

_FULL_QUEUE_WAIT_SECONDS = 0.1
_POLL_EVERY = 100


class CommandFeed:
    """Sends commands in order; a broker that is away is waited for, with one line in the log.

    A command is sent once: the producer is idempotent and never gives one up.
    """

    def __init__(self, bootstrap: str, topic: Topic) -> None:
        # The client's own annotations leave callbacks out.
        config: dict[str, Any] = {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            # Java's clients and the stages put a key into the same partition.
            "partitioner": "murmur2_random",
            "linger.ms": 1,
            "compression.type": "lz4",
            # Never: a command that was taken is delivered, however long the broker is away.
            "message.timeout.ms": 0,
            "reconnect.backoff.ms": 50,
            "reconnect.backoff.max.ms": 1_000,
            "log_level": 0,
            "error_cb": self._on_error,
        }
        self._producer = Producer(config)
        self._encoders = {name: encoder(name) for name in topic.values}
        self._topic = topic.name
        self._is_away = False
        self._unpolled = 0
        self._failure: KafkaError | None = None

    def send(self, kind: str, command: Mapping[str, Any]) -> None:
        """Hand a command over; waits while the queue to the broker is full.

        Raises:
            TradeflowError: an earlier command cannot be delivered, ever.
        """
        value = self._encoders[kind](command)
        headers = RecordHeaders(
            correlation_id=command["command_id"],
            actor=Actor(user=command["account_id"]),
            event_time_ms=command["time_ms"],
        ).to_headers()
        while True:
            try:
                self._producer.produce(
                    self._topic,
                    value,
                    key=command["account_id"].encode(),
                    headers=headers,  # type: ignore[arg-type]
                    on_delivery=self._on_delivery,
                )
                break
            except BufferError:
                self.poll(_FULL_QUEUE_WAIT_SECONDS)
        self._unpolled += 1
        if self._unpolled >= _POLL_EVERY:
            self.poll()

    def poll(self, timeout_seconds: float = 0.0) -> None:
        """Let deliveries and errors be heard of."""
        self._unpolled = 0
        self._producer.poll(timeout_seconds)
        if self._failure is not None:
            raise TradeflowError(f"A command was not delivered: {self._failure.str()}.")

    def flush(self, timeout_seconds: float) -> int:
        """Wait for deliveries; how many commands are still not delivered."""
        left = self._producer.flush(timeout_seconds)
        self.poll()
        return left

    def drop(self) -> None:
        """Forget what was not delivered: the program ends."""
        self._producer.purge()

    def _on_delivery(self, error: KafkaError | None, _message: Message) -> None:
        if error is None:
            if self._is_away:
                self._is_away = False
                log.warning("The broker is back.")
        elif error.code() not in (KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT):
            self._failure = error

    def _on_error(self, error: KafkaError) -> None:
        if error.fatal():
            self._failure = error
        elif error.code() == KafkaError._ALL_BROKERS_DOWN and not self._is_away:
            self._is_away = True
            log.warning("The broker does not answer; trying again until it does.")
