"""What clients are told before the gateway ends, so that they connect again, to another one."""

from web.binance.reply import TimeMs
from web.clock import now_ms
from web.fanout.fanout import Fanout


def announce_shutdown(fanout: Fanout) -> None:
    """Tell all connections, each in its form."""
    event = {"e": "serverShutdown", "E": TimeMs(now_ms())}
    fanout.say_goodbye("!serverShutdown", event)
