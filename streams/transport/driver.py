"""The transport that Faust finds for broker URLs ``kafka-eos://host:port``."""

from faust.transport.base import Transport as FaustTransport

from streams.transport.consumer import Consumer
from streams.transport.errors import ConfigError
from streams.transport.producer import Producer


class Transport(FaustTransport):  # type: ignore[misc]
    """Exactly-once rounds on librdkafka (KIP-98, KIP-447)."""

    Consumer = Consumer
    Producer = Producer
    driver_version = "confluent-kafka"
    default_port = 9092

    def create_consumer(self, callback: object, **kwargs: object) -> Consumer:
        """The consumer of an app of this transport.

        Raises:
            ConfigError: the app is a plain ``faust.App``, whose tables, streams and agents would
                not keep a round's guarantees.
        """
        if not hasattr(self.app, "transport_settings"):
            raise ConfigError("a kafka-eos:// broker needs an app of streams.transport.App")
        consumer: Consumer = super().create_consumer(callback, **kwargs)
        return consumer
