"""Finding the exchange that runs on this machine, or saying in one line why there is none."""

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from schemas.topics import (
    ORDERBOOK_UPDATES,
    ORDERS_COMMANDS,
    ORDERS_EXECUTIONS,
    TRADES,
    WALLET_COMMANDS,
    WALLET_EVENTS,
)
from tradeflow.errors import TradeflowError
from tradeflow.running_broker import running_broker

_START_FIRST = "Start the exchange first: tradeflow up"
_NEEDED = (
    ORDERS_COMMANDS,
    ORDERS_EXECUTIONS,
    WALLET_COMMANDS,
    WALLET_EVENTS,
    TRADES,
    ORDERBOOK_UPDATES,
)


def running_exchange() -> str:
    """The address of the running exchange's broker: BROKER's, else the embedded one's.

    Raises:
        TradeflowError: no broker answers, or it has not the exchange's topics.
    """
    bootstrap = running_broker()
    _require_topics(bootstrap)
    return bootstrap


def _require_topics(bootstrap: str) -> None:
    try:
        admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
        found = admin.list_topics(timeout=10).topics
    except KafkaException as error:
        raise TradeflowError(
            f"The broker at {bootstrap} does not answer.", remedy=_START_FIRST
        ) from error
    for topic in _NEEDED:
        if topic.name not in found:
            raise TradeflowError(
                f"The broker at {bootstrap} has no topic {topic.name}.", remedy=_START_FIRST
            )
