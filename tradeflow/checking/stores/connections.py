"""Stores as `tradeflow connect` finds them: the one module of the checks that knows connectors.

It takes their settings, their connections and what their errors mean, and nothing of how they make
rows.
"""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from schemas.instruments import Instrument
from tradeflow.checking.stores.store_report import (
    StoreChangedError,
    StoreCheck,
    StoreUnreachableError,
)
from tradeflow.settings import load_settings

_LOOK_SECONDS = 1.0
_GONE_TABLES = (1_146, 1_412)
"""MySQL: there is no such table; it was changed under a transaction."""

Instruments = Mapping[str, Instrument]


def mysql_check(instruments: Instruments) -> StoreCheck:
    """Of the database that TRADEFLOW_MYSQL_* name, else of the embedded server's.

    Raises:
        StoreUnreachableError: nothing listens there.
        TradeflowError: settings that will not do.
        ImportError: its package is not installed.
    """
    import mysql.connector

    from connectors.mysql.connection import open_connection
    from connectors.mysql.faults import store_down
    from connectors.mysql.settings import MysqlSettings
    from tradeflow.checking.stores.mysql.check import MysqlCheck
    from tradeflow.stores.mysql import EmbeddedMysql, EmbeddedMysqlSettings

    settings = load_settings(MysqlSettings)
    if not settings.model_fields_set & {"host", "port"}:
        embedded = EmbeddedMysql(load_settings(EmbeddedMysqlSettings))
        if embedded.is_running():
            host, port = embedded.settings.host, embedded.port
            settings = settings.model_copy(update={"host": host, "port": port})
        else:
            _require_listener("mysql", settings.host, settings.port, "TRADEFLOW_MYSQL_HOST")

    @contextmanager
    def errors() -> Iterator[None]:
        try:
            yield
        except mysql.connector.Error as error:
            if error.errno in _GONE_TABLES:
                raise StoreChangedError(
                    "its tables were made anew while it was looked at"
                ) from error
            down = store_down(error, settings)
            if down is None:
                raise
            raise StoreUnreachableError(str(down)) from error
        except OSError as error:
            raise StoreUnreachableError(f"MySQL at {settings.address}: {error}") from error

    return MysqlCheck(settings.address, instruments, lambda: open_connection(settings), errors)


def redis_check(instruments: Instruments) -> StoreCheck:
    """Of the server that TRADEFLOW_REDIS_URL names, else of the embedded one; errors likewise."""
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    from connectors.redis.failures import store_down
    from connectors.redis.settings import RedisSettings
    from tradeflow.checking.stores.redis.check import RedisCheck
    from tradeflow.stores.redis import EmbeddedRedis, EmbeddedRedisSettings

    settings = load_settings(RedisSettings)
    if "url" not in settings.model_fields_set:
        embedded = EmbeddedRedis(load_settings(EmbeddedRedisSettings))
        if embedded.is_running():
            settings = settings.model_copy(update={"url": embedded.url})
        else:
            _require_listener("redis", *_host_and_port(settings.url), "TRADEFLOW_REDIS_URL")
    address = _without_password(settings.url)

    def connect() -> Any:
        return redis.Redis.from_url(
            settings.url,
            socket_timeout=settings.timeout_seconds,
            socket_connect_timeout=settings.timeout_seconds,
            retry=Retry(NoBackoff(), 0),
            client_name="tradeflow-check",
            decode_responses=True,
        )

    @contextmanager
    def errors() -> Iterator[None]:
        try:
            yield
        except (redis.RedisError, OSError) as error:
            down = store_down(error, address)
            if down is None:
                raise
            raise StoreUnreachableError(str(down)) from error

    return RedisCheck(
        address,
        instruments,
        connect,
        errors,
        prefix=settings.key_prefix,
        candles_kept=settings.candles_kept,
    )


def mongodb_check(_instruments: Instruments) -> StoreCheck:
    """Of the server that TRADEFLOW_MONGODB_URL names, else of the embedded one; errors likewise."""
    from connectors.mongodb.connection import connect, database_of, store_errors
    from connectors.mongodb.settings import MongodbSettings
    from connectors.sink import StoreDownError
    from tradeflow.checking.stores.mongodb.check import MongodbCheck
    from tradeflow.stores.mongodb import EmbeddedMongodb, EmbeddedMongodbSettings

    settings = load_settings(MongodbSettings)
    if "url" not in settings.model_fields_set:
        embedded = EmbeddedMongodb(load_settings(EmbeddedMongodbSettings))
        if embedded.is_running():
            settings = settings.model_copy(update={"url": embedded.url})
        else:
            _require_listener("mongodb", *_host_and_port(settings.url), "TRADEFLOW_MONGODB_URL")

    @contextmanager
    def errors() -> Iterator[None]:
        try:
            with store_errors(settings):
                yield
        except StoreDownError as error:
            raise StoreUnreachableError(str(error)) from error

    def open_database() -> tuple[Any, Any]:
        client = connect(settings)
        return client, database_of(client, settings)

    return MongodbCheck(_without_password(settings.url), open_database, errors)


def _require_listener(name: str, host: str, port: int, variable: str) -> None:
    """Nobody has named it: where nothing listens at the usual place it is not waited for."""
    try:
        with socket.create_connection((host, port), _LOOK_SECONDS):
            return
    except OSError as error:
        raise StoreUnreachableError(
            f"nothing listens at {host}:{port}: start it with tradeflow store start {name}, or set"
            f" {variable}"
        ) from error


def _host_and_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 0


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] or parts.path
