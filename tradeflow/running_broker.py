"""The broker that a command talks to."""


def running_broker() -> str:
    """The address of a broker that answers: the one that BROKER names, else the embedded one.

    Raises:
        TradeflowError: there is none.
    """
    from tradeflow.broker import BrokerSettings, EmbeddedBroker, external_broker
    from tradeflow.broker.probe import Probe, require_answer
    from tradeflow.errors import TradeflowError
    from tradeflow.settings import load_settings

    chosen = external_broker()
    if chosen is not None:
        require_answer(chosen)
        return chosen
    broker = EmbeddedBroker(load_settings(BrokerSettings))
    if not broker.is_running():
        raise TradeflowError(
            "No broker runs here.",
            remedy="Start the exchange with: tradeflow up. Or set BROKER=host:port.",
        )
    bootstrap = broker.bootstrap
    if Probe(bootstrap).cluster_id(timeout_seconds=5.0) is None:
        raise TradeflowError(
            f"The broker at {bootstrap} does not answer.", remedy=f"Its log: {broker.server_log}"
        )
    return bootstrap
