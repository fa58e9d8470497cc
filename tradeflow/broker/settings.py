"""Which broker is used, and how the embedded one is set up."""

import os
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from tradeflow.embedded.settings import Port, Seconds, ServerSettings

KAFKA_VERSION = "4.2.1"
"""Not 4.3.0 to 4.4.0: a broker of those that starts after a crash takes a partition whose leader is
not known yet for a deleted one, skips its markers of transactions that were ending, and calls them
complete (KAFKA-20734).  Half of a transaction may then be committed with the next, or hang."""


class BrokerSettings(ServerSettings):
    """The embedded broker's settings; each can be given as TRADEFLOW_BROKER_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="TRADEFLOW_BROKER_", frozen=True)

    port: Port = 9092
    controller_port: Port = 0
    data_dir: Path = Path(".tradeflow/kafka")
    # As Java writes it: 512m, 2g.
    heap: str = Field(default="512m", pattern=r"^\d+[kmgKMG]$")
    # More options for Java, with spaces between. -XX:TieredStopAtLevel=1 spares what Java's second
    # compiler takes for the first minutes, and is a little slower for good.
    java_options: str = ""
    # Ask of every record of a transaction whether that is open (KIP-890). Without it a program that
    # writes to public topics in transactions can leave one that nobody ends, if a record of its
    # reaches the broker behind the abort; with it an order takes about twice as long.
    verify_transactions: bool = False
    start_timeout_seconds: Seconds = 60.0
    stop_timeout_seconds: Seconds = 20.0


def external_broker() -> str | None:
    """The broker that the environment variable BROKER names, as host:port; None: the embedded."""
    return os.environ.get("BROKER", "").strip() or None


def cache_dir() -> Path:
    """Where what was downloaded is remembered: TRADEFLOW_CACHE_DIR, else the user's cache."""
    chosen = os.environ.get("TRADEFLOW_CACHE_DIR")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tradeflow"
