"""What an operator can do to MySQL: one clear line, nothing lost, and on by itself when mended."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import mysql.connector
import pytest

from connectors.mysql import MysqlSettings
from tests.connectors.exchange_log import exchange_log
from tests.connectors.feeding import Written
from tests.connectors.mishap import Mishap
from tests.connectors.mysql_store import MysqlStore
from tests.connectors.processes import Connectors
from tests.fixtures.exchange_topics import ExchangeTopics
from tests.fixtures.mysql import as_root, fresh_database, running_mysql
from tradeflow.stores.mysql import EmbeddedMysql

COMMANDS = 150
SMALL_DISK = "--innodb-file-per-table=OFF --innodb-data-file-path=ibdata1:12M:autoextend:max:64M"


def records() -> list[Written]:
    return [
        (*record.place, record.key, record.value)
        for record in exchange_log(COMMANDS)
        if record.place.topic in MysqlStore.topics
    ]


@pytest.fixture
def mishap(fresh_topics: ExchangeTopics, mysql_store: MysqlStore, tmp_path: Path) -> Mishap:
    return Mishap(Connectors(fresh_topics, mysql_store, tmp_path), records())


def end_connections(server: EmbeddedMysql, settings: MysqlSettings) -> None:
    """End what is connected to the database: grants count for new connections."""
    with closing(mysql.connector.connect(unix_socket=str(server.socket), user="root")) as db:
        cursor = db.cursor()
        cursor.execute(
            "SELECT id FROM information_schema.processlist WHERE db = %s", (settings.database,)
        )
        ids = [number for (number,) in cursor.fetchall()]
    as_root(server, *(f"KILL {number}" for number in ids))


@pytest.mark.variant
def test_a_lost_grant(mishap: Mishap, mysql_store: MysqlStore, mysql_server: EmbeddedMysql) -> None:
    settings = mysql_store.settings
    on = f"INSERT, UPDATE ON {settings.database}.*"

    def harm() -> None:
        as_root(mysql_server, f"REVOKE {on} FROM tradeflow")
        end_connections(mysql_server, settings)

    said = mishap.run(
        harm, lambda: as_root(mysql_server, f"GRANT {on} TO tradeflow"), "command denied to user"
    )

    assert said.endswith(f"give the right back: GRANT ALL ON {settings.database}.* TO tradeflow")


def test_a_missing_table(mishap: Mishap, mysql_store: MysqlStore) -> None:
    said = mishap.run(
        lambda: mysql_store.execute("RENAME TABLE executions TO elsewhere"),
        lambda: mysql_store.execute("RENAME TABLE elsewhere TO executions"),
        "executions' doesn't exist",
    )

    assert said.endswith("put it back, or fill all anew: --rebuild")


@pytest.mark.variant
def test_a_wrong_password(
    mishap: Mishap, mysql_store: MysqlStore, mysql_server: EmbeddedMysql
) -> None:
    def harm() -> None:
        as_root(mysql_server, "ALTER USER tradeflow IDENTIFIED BY 'other'")
        end_connections(mysql_server, mysql_store.settings)

    def mend() -> None:
        as_root(mysql_server, "ALTER USER tradeflow IDENTIFIED BY 'tradeflow'")

    try:
        said = mishap.run(harm, mend, "Access denied for user")
    finally:
        mend()

    assert said.endswith("see TRADEFLOW_MYSQL_USER and TRADEFLOW_MYSQL_PASSWORD")


def test_rows_that_somebody_keeps_locked(mishap: Mishap, mysql_store: MysqlStore) -> None:
    with closing(mysql_store.connect()) as other:

        def harm() -> None:
            cursor = other.cursor()
            cursor.execute("SELECT * FROM positions FOR UPDATE")
            cursor.fetchall()

        said = mishap.run(harm, other.rollback, "Lock wait timeout exceeded")

    assert said.endswith("somebody keeps rows locked: see SHOW PROCESSLIST")


@contextmanager
def small_server(folder: Path) -> Iterator[tuple[EmbeddedMysql, MysqlStore]]:
    with running_mysql(folder, options=SMALL_DISK) as server:
        yield server, MysqlStore(fresh_database(server))


def test_a_full_disk(fresh_topics: ExchangeTopics, tmp_path: Path) -> None:
    """InnoDB's one file may not grow: it says what it says of a disk without room."""
    with small_server(tmp_path / "small") as (server, store):
        database = store.settings.database

        def harm() -> None:
            as_root(server, f"CREATE TABLE {database}.filler (content LONGBLOB)")
            size = 4_000_000
            while size > 1_000:
                try:
                    as_root(server, f"INSERT INTO {database}.filler VALUES (REPEAT('x', {size}))")
                except mysql.connector.Error as error:
                    assert "is full" in str(error)
                    size //= 4

        said = Mishap(Connectors(fresh_topics, store, tmp_path), records()).run(
            harm, lambda: as_root(server, f"DROP TABLE {database}.filler"), "is full"
        )

    assert said.endswith("make room on its disk")
