"""The exchange's topics, made before anybody needs them."""

from streams.settings import StreamsSettings
from tradeflow.errors import TradeflowError


def make_topics(settings: StreamsSettings) -> None:
    """Make the topics that are missing.

    Raises:
        TradeflowError: one is there with another number of partitions, or the broker is not.
    """
    from streams.app import MATCHING, topic_specs
    from streams.transport.errors import TransportError
    from streams.transport.topics import ensure_topics, wait_for_broker

    try:
        transport = settings.transport(group=MATCHING, slot=0)
        admin = wait_for_broker(transport)
        specs = topic_specs(settings.partitions)
        ensure_topics(admin, specs, replication=transport.replication)
    except TransportError as error:
        raise TradeflowError(
            f"{error}.", remedy=f"What to do: {error.action}.", exit_code=error.exit_code
        ) from error
