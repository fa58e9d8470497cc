"""The transport that Faust finds for broker URLs ``kafka-eos://host:port``."""

from typing import Any, ClassVar, cast

from faust.transport.base import Transport as FaustTransport
from faust.types.transports import ConsumerCallback

from streams.transport.consumer import Consumer as RoundConsumer
from streams.transport.errors import ConfigError
from streams.transport.producer import Producer as RoundsFaustProducer


class Transport(FaustTransport):
    """Exactly-once rounds on librdkafka (KIP-98, KIP-447)."""

    Consumer: ClassVar[type[RoundConsumer]] = RoundConsumer
    Producer: ClassVar[type[RoundsFaustProducer]] = RoundsFaustProducer
    driver_version = "confluent-kafka"
    default_port = 9092

    def create_consumer(self, callback: ConsumerCallback, **kwargs: Any) -> RoundConsumer:
        """The consumer of an app of this transport.

        Raises:
            ConfigError: the app is a plain ``faust.App``, whose tables, streams and agents would
                not keep a round's guarantees.
        """
        if not hasattr(self.app, "transport_settings"):
            raise ConfigError("a kafka-eos:// broker needs an app of streams.transport.App")
        return cast(RoundConsumer, super().create_consumer(callback, **kwargs))
