"""Databases of keys, on both kinds of server."""

from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from tests.fixtures.mysql import as_root
from tradeflow.stores.mysql import EmbeddedMysql
from web.auth.settings import AuthSettings


def mysql_url(server: EmbeddedMysql, database: str) -> str:
    """As the gateway is told."""
    login = f"{server.settings.user}:{server.settings.password}"
    return f"mysql://{login}@{server.address}/{database}"


def own_mysql_database(server: EmbeddedMysql, state_dir: Path) -> AuthSettings:
    """Settings of a database of one's own that is not there yet; its user may make it."""
    name = f"auth_{uuid4().hex[:12]}"
    as_root(server, f"GRANT ALL ON {name}.* TO tradeflow")
    return AuthSettings(database_url=SecretStr(mysql_url(server, name)), state_dir=state_dir)


@pytest.fixture(params=["sqlite", "mysql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> AuthSettings:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return AuthSettings(state_dir=tmp_path / "gateway")
    return own_mysql_database(request.getfixturevalue("mysql_server"), tmp_path / "gateway")
