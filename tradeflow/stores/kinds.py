"""The stores there are: which one is one's own, which one is elsewhere, and what feeds it."""

import importlib.util
import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradeflow.errors import TradeflowError

if TYPE_CHECKING:
    from tradeflow.embedded.server import EmbeddedServer


class StoreName(StrEnum):
    """All of them."""

    MYSQL = "mysql"
    REDIS = "redis"
    MONGODB = "mongodb"


_DRIVERS = {StoreName.MYSQL: "mysql", StoreName.REDIS: "redis", StoreName.MONGODB: "pymongo"}
_ELSEWHERE = {
    StoreName.MYSQL: "TRADEFLOW_MYSQL_HOST",
    StoreName.REDIS: "TRADEFLOW_REDIS_URL",
    StoreName.MONGODB: "TRADEFLOW_MONGODB_URL",
}
"""Who sets this has a server of his own."""


def embedded_store(name: StoreName, data_dir: Path | None = None) -> "EmbeddedServer[Any]":
    """The server of the settings, or the one in this folder.

    Raises:
        TradeflowError: settings that will not do, or a package is missing.
    """
    # Not before: the command line names stores at every start.
    from tradeflow.settings import load_settings

    change = {} if data_dir is None else {"data_dir": data_dir}
    if name is StoreName.MYSQL:
        from tradeflow.stores.mysql import EmbeddedMysql, EmbeddedMysqlSettings

        return EmbeddedMysql(load_settings(EmbeddedMysqlSettings).model_copy(update=change))
    require_driver(name)
    if name is StoreName.REDIS:
        from tradeflow.stores.redis import EmbeddedRedis, EmbeddedRedisSettings

        return EmbeddedRedis(load_settings(EmbeddedRedisSettings).model_copy(update=change))
    from tradeflow.stores.mongodb import EmbeddedMongodb, EmbeddedMongodbSettings

    return EmbeddedMongodb(load_settings(EmbeddedMongodbSettings).model_copy(update=change))


def data_dir_of(name: StoreName) -> Path:
    """The folder of the server of the settings."""
    prefix = "TRADEFLOW_MYSQL_SERVER_" if name is StoreName.MYSQL else f"TRADEFLOW_EMBEDDED_{name}_"
    return Path(os.environ.get(f"{prefix.upper()}DATA_DIR", f".tradeflow/{name}")).absolute()


def require_driver(name: StoreName) -> None:
    """Raise TradeflowError where the package is missing that speaks with this store."""
    if importlib.util.find_spec(_DRIVERS[name]) is None:
        raise TradeflowError(
            f"{name} needs a package that is not installed.",
            remedy=f"Install it with: pip install 'tradeflow[{name}]'",
        )


def elsewhere(name: StoreName) -> str:
    """The server that the environment names, as far as it names one; "": none."""
    return os.environ.get(_ELSEWHERE[name], "").strip()


def connector_settings(name: StoreName, address: str) -> Mapping[str, str]:
    """How a connector is told of the embedded server at host:port."""
    host, _, port = address.rpartition(":")
    if name is StoreName.MYSQL:
        return {"TRADEFLOW_MYSQL_HOST": host, "TRADEFLOW_MYSQL_PORT": port}
    if name is StoreName.REDIS:
        return {"TRADEFLOW_REDIS_URL": f"redis://{address}/0"}
    return {"TRADEFLOW_MONGODB_URL": f"mongodb://{address}/?directConnection=true"}


def read_stores(text: str) -> tuple[StoreName, ...]:
    """Stores as options have them: «mysql,redis,mongodb», or «none».

    Raises:
        TradeflowError: there is no such store.
    """
    names = [part.strip().lower() for part in text.split(",") if part.strip()]
    if names in ([], ["none"]):
        return ()
    unknown = [name for name in names if name not in list(StoreName)]
    if unknown:
        raise TradeflowError(
            f"There is no store {unknown[0]!r}.",
            remedy=f"Name some of {', '.join(StoreName)}, with commas between, or none.",
        )
    return tuple(StoreName(name) for name in dict.fromkeys(names))
