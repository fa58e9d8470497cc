"""Which database API keys are in, where nobody has said so."""

import os
from pathlib import Path
from urllib.parse import quote

from tradeflow.errors import TradeflowError
from tradeflow.settings import load_settings
from tradeflow.stores.mysql import EmbeddedMysql, EmbeddedMysqlSettings

_MYSQL, _FILE = "mysql", "sqlite"
_DEFAULT_PORT = "3306"


def key_database_url(state_dir: Path) -> str:
    """The URL of the database that keys are in; "": a file in ``state_dir``.

    A MySQL that TRADEFLOW_MYSQL_HOST or _PORT names, else the embedded one if it runs, else the
    file.  Where the first keys were put is written down there: a MySQL that is started later, or
    stopped, must not make keys disappear.

    Raises:
        TradeflowError: that cannot be written down, or is not understood.
    """
    mysql = load_settings(EmbeddedMysqlSettings)
    host = os.environ.get("TRADEFLOW_MYSQL_HOST", "").strip()
    port = os.environ.get("TRADEFLOW_MYSQL_PORT", "").strip()
    if host or port:
        if port and not port.isdecimal():
            raise TradeflowError(f"TRADEFLOW_MYSQL_PORT={port} is no port.")
        named = f"[{host}]" if ":" in host else host or "127.0.0.1"
        return _url(mysql, f"{named}:{port or _DEFAULT_PORT}")
    embedded = EmbeddedMysql(mysql)
    choice = _chosen(state_dir / "keys-are-in", _MYSQL if embedded.is_running() else _FILE)
    return _url(mysql, embedded.address) if choice == _MYSQL else ""


def _url(mysql: EmbeddedMysqlSettings, address: str) -> str:
    login = f"{quote(mysql.user, safe='')}:{quote(mysql.password, safe='')}"
    return f"mysql://{login}@{address}/{mysql.auth_database}"


def _chosen(file: Path, proposed: str) -> str:
    """What the file says; a missing one is written with what is proposed."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with file.open("x") as fresh:
                fresh.write(proposed)
            return proposed
        except FileExistsError:
            choice = file.read_text().strip()
    except OSError as error:
        raise TradeflowError(
            f"{file} cannot be written: {error.strerror}.",
            remedy="Set TRADEFLOW_AUTH_STATE_DIR to a folder that can be written to.",
        ) from error
    if choice not in (_MYSQL, _FILE):
        raise TradeflowError(
            f"{file} says {choice!r}, neither {_MYSQL} nor {_FILE}.",
            remedy="Write one of them there, or set TRADEFLOW_AUTH_DATABASE_URL.",
        )
    return choice
