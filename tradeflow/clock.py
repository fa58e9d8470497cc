"""Time for the log: ticks in the inputs of the stages, so that time passes where nothing happens.

The wallet's topics are not among them, nor are the trades: a tick of ``orders.commands`` goes on to
the ones, and one of ``orders.incoming`` to the others, behind what came before it.
"""

import logging
import time
from collections.abc import Sequence
from threading import Event
from typing import Any

from confluent_kafka import KafkaError, Producer

from schemas.codec import encode
from schemas.topics import ORDERS_COMMANDS, ORDERS_EXECUTIONS, ORDERS_INCOMING
from tradeflow.topic_reader import Partition, Topics, client_settings

log = logging.getLogger(__name__)

TICKED = (ORDERS_COMMANDS.name, ORDERS_EXECUTIONS.name, ORDERS_INCOMING.name)


class Clock:
    """Writes a tick into each partition now and then; a tick that is not delivered is missed."""

    def __init__(
        self, bootstrap: str, *, every_seconds: float, topics: Sequence[str] = TICKED
    ) -> None:
        """Find the partitions.

        Raises:
            TradeflowError: the broker does not answer, or has no such topics.
        """
        self._every_seconds = every_seconds
        self._partitions: list[Partition] = Topics(bootstrap).partitions(*topics)
        config: dict[str, Any] = {
            **client_settings(bootstrap),
            "enable.idempotence": True,
            # An old tick says nothing that the next one does not say.
            "message.timeout.ms": 5_000,
            "error_cb": self._on_error,
        }
        self._producer = Producer(config)
        self._is_away = False

    def run(self, stop: Event) -> None:
        """Tick until ``stop`` is set."""
        log.info("ticking in %d partitions", len(self._partitions))
        while not stop.wait(self._every_seconds):
            self.tick()
        self._producer.flush(2)

    def tick(self) -> None:
        """One tick to each partition, all with the same time."""
        value = encode("Tick", {"time_ms": time.time_ns() // 1_000_000})
        for topic, number in self._partitions:
            self._producer.produce(topic, value, partition=number)
        self._producer.poll(0)

    def _on_error(self, error: KafkaError) -> None:
        away = error.code() == KafkaError._ALL_BROKERS_DOWN
        if away and not self._is_away:
            log.warning("the broker does not answer; time stands still until it does")
        self._is_away = away
