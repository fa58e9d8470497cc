"""Asks a broker whether it answers."""

from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tradeflow.errors import TradeflowError


class Probe:
    """Metadata requests to one broker: the only proof that it is up."""

    def __init__(self, bootstrap: str) -> None:
        # The client's own annotations leave callbacks out.
        config: dict[str, Any] = {
            "bootstrap.servers": bootstrap,
            # A refused connection is what is being waited out, not news.
            "log_level": 0,
            "error_cb": _ignore,
            "reconnect.backoff.ms": 20,
            "reconnect.backoff.max.ms": 100,
            "socket.connection.setup.timeout.ms": 2000,
        }
        self._client = AdminClient(config)

    def cluster_id(self, *, timeout_seconds: float) -> str | None:
        """The id of the cluster that answers; None if there is no answer within the time."""
        try:
            return self._client.list_topics(timeout=timeout_seconds).cluster_id
        except KafkaException:
            return None


def require_answer(bootstrap: str, *, timeout_seconds: float = 3.0) -> None:
    """Raise TradeflowError unless the broker that BROKER names answers."""
    try:
        answered = Probe(bootstrap).cluster_id(timeout_seconds=timeout_seconds)
    except KafkaException as error:
        raise TradeflowError(
            f"BROKER={bootstrap} is not an address.", remedy="Write it as host:port."
        ) from error
    if answered is None:
        raise TradeflowError(
            f"The broker at {bootstrap} (from BROKER) does not answer.",
            remedy="Start it, correct BROKER, or unset BROKER to use the embedded broker.",
        )


def _ignore(_error: object) -> None:
    """Errors show as the missing answer."""
