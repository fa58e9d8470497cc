"""What an operator can do to MySQL: one clear line, nothing lost, and on by itself when mended."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import mysql.connector
import pytest
from confluent_kafka.admin import AdminClient

from connectors.mysql import MysqlSettings, MysqlSink
from schemas.topics import TOPICS
from tests.connectors.agreement import require_agreement
from tests.connectors.exchange_log import exchange_log
from tests.connectors.feeding import Feeding, eventually, make_topics, produce
from tests.connectors.mysql_store import MysqlStore
from tests.fixtures.exchange_topics import ExchangeTopics
from tests.fixtures.mysql import as_root, fresh_database, running_mysql
from tests.tradeflow.checking.made_exchange import PARTITIONS
from tradeflow.stores.mysql import EmbeddedMysql

COMMANDS = 150
SMALL_DISK = "--innodb-file-per-table=OFF --innodb-data-file-path=ibdata1:12M:autoextend:max:64M"


@pytest.fixture
def topics(exchange_topics: ExchangeTopics) -> ExchangeTopics:
    """Empty topics: each test writes the whole log."""
    admin = AdminClient({"bootstrap.servers": exchange_topics.bootstrap})
    names = [topic.name for topic in TOPICS]
    for future in admin.delete_topics(names).values():
        future.result(30)
    eventually(
        lambda: not set(names) & admin.list_topics(timeout=10).topics.keys(), "they are gone"
    )
    make_topics(exchange_topics.bootstrap, {t.name: t.partition_count(PARTITIONS) for t in TOPICS})
    return exchange_topics


class Mishap:
    """Writes half of the log, does something to the store, writes the rest, and mends it."""

    def __init__(self, topics: ExchangeTopics, store: MysqlStore) -> None:
        self.topics = topics
        self.store = store
        self._records = [
            (*record.place, record.key, record.value)
            for record in exchange_log(COMMANDS)
            if record.place.topic in MysqlSink.topics
        ]

    def run(self, harm: Callable[[], None], mend: Callable[[], None], says: str) -> str:
        """What the connector said of it; afterwards the store must hold all."""
        half = len(self._records) // 2
        with Feeding(self.topics.bootstrap, self.store.sink()) as feeding:
            produce(self.topics.bootstrap, self._records[:half])
            eventually(lambda: feeding.metric("rows_total") > 0, "it writes")
            harm()
            produce(self.topics.bootstrap, self._records[half:])
            eventually(lambda: says in feeding.health.store_error, feeding.health.store_error)
            said = feeding.health.store_error
            eventually(lambda: feeding.health.breaker == "open", "it is left alone")
            mend()
            eventually(lambda: feeding.health.store == "up", "it is back")
            self._await_end(feeding)
        require_agreement(self.store, self.topics.events(MysqlSink.topics))
        return said

    def _await_end(self, feeding: Feeding) -> None:
        ends = {e.place: e.offset + 1 for e in self.topics.events(MysqlSink.topics)}
        eventually(
            lambda: all(feeding.runner.positions.get(place, 0) >= at for place, at in ends.items()),
            "all is stored",
        )


@pytest.fixture
def mishap(topics: ExchangeTopics, mysql_store: MysqlStore) -> Mishap:
    return Mishap(topics, mysql_store)


def end_connections(server: EmbeddedMysql, settings: MysqlSettings) -> None:
    """End what is connected to the database: grants count for new connections."""
    with closing(mysql.connector.connect(unix_socket=str(server.socket), user="root")) as db:
        cursor = db.cursor()
        cursor.execute(
            "SELECT id FROM information_schema.processlist WHERE db = %s", (settings.database,)
        )
        ids = [number for (number,) in cursor.fetchall()]
    as_root(server, *(f"KILL {number}" for number in ids))


def test_a_lost_grant(mishap: Mishap, mysql_server: EmbeddedMysql) -> None:
    settings = mishap.store.settings
    on = f"INSERT, UPDATE ON {settings.database}.*"

    def harm() -> None:
        as_root(mysql_server, f"REVOKE {on} FROM tradeflow")
        end_connections(mysql_server, settings)

    said = mishap.run(
        harm, lambda: as_root(mysql_server, f"GRANT {on} TO tradeflow"), "command denied to user"
    )

    assert said.endswith(f"give the right back: GRANT ALL ON {settings.database}.* TO tradeflow")
    assert "\n" not in said


def test_a_missing_table(mishap: Mishap) -> None:
    said = mishap.run(
        lambda: mishap.store.execute("RENAME TABLE executions TO elsewhere"),
        lambda: mishap.store.execute("RENAME TABLE elsewhere TO executions"),
        "executions' doesn't exist",
    )

    assert said.endswith("put it back, or fill all anew: --rebuild")


def test_a_wrong_password(mishap: Mishap, mysql_server: EmbeddedMysql) -> None:
    settings = mishap.store.settings

    def harm() -> None:
        as_root(mysql_server, "ALTER USER tradeflow IDENTIFIED BY 'other'")
        end_connections(mysql_server, settings)

    said = mishap.run(
        harm,
        lambda: as_root(mysql_server, "ALTER USER tradeflow IDENTIFIED BY 'tradeflow'"),
        "Access denied for user",
    )

    assert said.endswith("see TRADEFLOW_MYSQL_USER and TRADEFLOW_MYSQL_PASSWORD")


def test_rows_that_somebody_keeps_locked(topics: ExchangeTopics, mysql_store: MysqlStore) -> None:
    impatient = mysql_store.settings.model_copy(update={"lock_wait_seconds": 1})
    mishap = Mishap(topics, MysqlStore(impatient))
    other = mysql_store.connect()

    def harm() -> None:
        cursor = other.cursor()
        cursor.execute("SELECT * FROM positions FOR UPDATE")
        cursor.fetchall()

    said = mishap.run(harm, other.rollback, "Lock wait timeout exceeded")
    other.close()

    assert said.endswith("somebody keeps rows locked: see SHOW PROCESSLIST")


@contextmanager
def small_server(folder: Path) -> Iterator[tuple[EmbeddedMysql, MysqlStore]]:
    with running_mysql(folder, options=SMALL_DISK) as server:
        yield server, MysqlStore(fresh_database(server))


def test_a_full_disk(topics: ExchangeTopics, tmp_path: Path) -> None:
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

        said = Mishap(topics, store).run(
            harm, lambda: as_root(server, f"DROP TABLE {database}.filler"), "is full"
        )

    assert said.endswith("make room on its disk")
