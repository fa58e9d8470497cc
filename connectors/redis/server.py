"""What a Redis server is and has, asked once when a connection is made."""

from dataclasses import dataclass
from typing import Any

from connectors.redis.candle_series import FORMS, SortedSets, TimeSeries
from connectors.sink import StoreDownError

_OLDEST = (7, 0)


@dataclass(frozen=True, slots=True)
class Server:
    """What matters of it to the sink."""

    version: str
    has_time_series: bool


def look_at(client: Any, address: str) -> Server:
    """Ask a server what it is.

    Raises:
        StoreDownError: it is too old, or drops keys that have no end.
    """
    about = client.info("server", "memory")
    version = about["redis_version"]
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
        raise StoreDownError(f"Redis at {address} is {version}: 7.0 or later is needed")
    policy = about.get("maxmemory_policy", "noeviction")
    if about.get("maxmemory", 0) and policy.startswith("allkeys"):
        raise StoreDownError(
            f"Redis at {address} drops any key when it is full (maxmemory-policy {policy}), also"
            " positions and books: set noeviction"
        )
    # Named as one word: the client cannot read the answer that there is no such command.
    described = client.execute_command("COMMAND INFO", "TS.MADD")
    return Server(version, bool(_first(described)))


def _first(described: Any) -> Any:
    # A dictionary or a list, by the version of the protocol.
    values = described.values() if isinstance(described, dict) else described
    return next(iter(values), None)


def candle_form_name(client: Any, key: str, server: Server, address: str) -> str:
    """The form in which this server's candles are, or will be from the first one on.

    Raises:
        StoreDownError: they are time series, and the server has no such module now.
    """
    kept = client.get(key)
    name = kept.decode() if kept else ""
    if name == TimeSeries.name and not server.has_time_series:
        raise StoreDownError(
            f"Redis at {address} has candles as time series and no module for them: start it with"
            " RedisTimeSeries, or rebuild the store"
        )
    if name in FORMS:
        return name
    return TimeSeries.name if server.has_time_series else SortedSets.name
