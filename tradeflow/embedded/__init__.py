"""What all servers share that TradeFlow brings along for machines without Docker."""

from tradeflow.embedded.server import EmbeddedServer
from tradeflow.embedded.settings import Port, Seconds, ServerSettings

__all__ = ("EmbeddedServer", "Port", "Seconds", "ServerSettings")
