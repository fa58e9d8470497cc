"""The Kafka broker that TradeFlow brings along for machines without Docker and without Java."""

from tradeflow.broker.embedded import EmbeddedBroker
from tradeflow.broker.settings import BrokerSettings, external_broker

__all__ = ("BrokerSettings", "EmbeddedBroker", "external_broker")
