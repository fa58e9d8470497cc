"""Whether the broker can be reached, as the feed's client finds out."""

import logging
import time

from confluent_kafka import Consumer, KafkaError, KafkaException

from schemas.topics import ORDERS_EXECUTIONS

log = logging.getLogger(__name__)

_ASK_SECONDS = 0.5


class Reach:
    """For the thread that reads; anybody may look at ``is_lost``."""

    def __init__(self) -> None:
        self.is_lost = False
        """No broker is there: what is sent now would wait, and nobody knows until when."""
        self._asked = 0.0

    def on_error(self, error: KafkaError) -> None:
        """The client's error callback."""
        if error.code() == KafkaError._ALL_BROKERS_DOWN and not self.is_lost:
            self.is_lost = True
            log.warning("the broker is away: %s", error.str())

    def look(self, consumer: Consumer) -> None:
        """Where it is lost, ask now and then: on a quiet log it would not be heard again."""
        now = time.monotonic()
        if not self.is_lost or now - self._asked < _ASK_SECONDS:
            return
        self._asked = now
        try:
            consumer.list_topics(ORDERS_EXECUTIONS.name, timeout=_ASK_SECONDS)
        except KafkaException:
            return
        self.is_lost = False
        log.info("the broker is back")
