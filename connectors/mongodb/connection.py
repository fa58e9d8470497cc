"""A client of the server, and its errors as one line that says what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient, WriteConcern
from pymongo.database import Database
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    InvalidURI,
    OperationFailure,
    PyMongoError,
)

from connectors.mongodb.settings import MongodbSettings
from connectors.sink import StoreDownError

DUPLICATE = 11_000
NO_RIGHT = 13
_NO_SUCH_USER, _NO_LOGIN, _BAD_VALUE, _DISK_FULL = 11, 18, 2, 14031

# Positions may never be ahead of documents, so both must have reached the disk.
DURABLE = WriteConcern(w="majority", j=True)


def connect(settings: MongodbSettings) -> MongoClient[Any]:
    """A client; nothing is sent yet.

    Raises:
        StoreDownError: the address cannot be one.
    """
    try:
        return MongoClient(
            settings.url,
            tz_aware=True,
            serverSelectionTimeoutMS=settings.timeout_ms,
            connectTimeoutMS=settings.timeout_ms,
            socketTimeoutMS=6 * settings.timeout_ms,
            appname="tradeflow",
        )
    except (InvalidURI, ConfigurationError, ValueError) as error:
        raise StoreDownError(
            f"TRADEFLOW_MONGODB_URL is no address of MongoDB: {_line(error)}. "
            "Write it as mongodb://user:password@host:port/?options"
        ) from error


def database_of(client: MongoClient[Any], settings: MongodbSettings) -> Database[Any]:
    """The database, where a write counts when it is on the disk."""
    return client.get_database(settings.database, write_concern=DURABLE)


@contextmanager
def store_errors(settings: MongodbSettings) -> Iterator[None]:
    """Within the block errors of the server and of the way to it are StoreDownErrors."""
    try:
        yield
    except PyMongoError as error:
        raise StoreDownError(explain(error, settings)) from error


def explain(error: PyMongoError, settings: MongodbSettings) -> str:
    """One line: what is wrong, and what to do about it."""
    where = f"MongoDB at {_without_password(settings.url)}"
    if isinstance(error, ConnectionFailure):
        return (
            f"{where} cannot be reached: {_line(error)}. Start it or correct TRADEFLOW_MONGODB_URL"
        )
    code, said = _cause(error)
    if code in (_NO_SUCH_USER, _NO_LOGIN):
        return f"{where} refuses the user or the password of TRADEFLOW_MONGODB_URL"
    if code == NO_RIGHT:
        return f"{where} refuses: {said}. Grant the user its role (roles.json has it)"
    if code == _DISK_FULL or "no space left on device" in said.lower():
        return f"{where} has no room left on its disk. Make room there"
    if "WT_PANIC" in said:
        # As after a disk that was full: MongoDB's own server ends itself instead.
        return f"{where} has given up (see its log). If its disk is full make room; start it anew"
    if code == _BAD_VALUE and "hint" in said:
        return f"{where} lacks an index: {said}. tradeflow connect mongodb makes it again"
    return f"{where} has failed: {said}"


def _cause(error: PyMongoError) -> tuple[int | None, str]:
    """The server's code and words; of a batch those of the first write that must not fail."""
    if isinstance(error, BulkWriteError):
        faults = [
            *(error.details.get("writeErrors") or ()),
            *(error.details.get("writeConcernErrors") or ()),
        ]
        for fault in faults:
            if fault.get("code") != DUPLICATE:
                return fault.get("code"), str(fault.get("errmsg", "")).rstrip(". ")
    code = error.code if isinstance(error, OperationFailure) else None
    return code, _line(error)


def _line(error: Exception) -> str:
    # Behind the first comma a connection's error describes the driver's settings.
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0].split(" (configured timeouts", 1)[0].split(", full error", 1)[0].rstrip(". ")


def _without_password(url: str) -> str:
    address = url.rpartition("://")[2].partition("/")[0]
    return address.rpartition("@")[2]
