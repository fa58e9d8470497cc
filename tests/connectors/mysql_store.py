"""A MySQL database as the tests see it."""

from collections.abc import Sequence
from contextlib import closing, suppress
from typing import Any

import mysql.connector

from connectors.event import Event, Place
from connectors.mysql import MysqlSettings, MysqlSink
from connectors.mysql.tables import DATA
from schemas.instruments import load_instruments
from tests.chaos.exchange import INSTRUMENTS
from tests.connectors.agreement import require_agreement

Content = dict[str, list[tuple[Any, ...]]]


class MysqlStore:
    """Sinks into one database, and what is in it."""

    name = MysqlSink.name
    topics = MysqlSink.topics

    def __init__(self, settings: MysqlSettings) -> None:
        self.settings = settings

    def sink(self) -> MysqlSink:
        """A new one, not connected yet."""
        return MysqlSink(self.settings, load_instruments(INSTRUMENTS))

    def environment(self) -> dict[str, str]:
        """See ``FedStore``."""
        settings = self.settings
        return {
            "TRADEFLOW_INSTRUMENTS": str(INSTRUMENTS),
            "TRADEFLOW_MYSQL_PORT": str(settings.port),
            "TRADEFLOW_MYSQL_DATABASE": settings.database,
            "TRADEFLOW_MYSQL_IDLE_SECONDS": "2",
            "TRADEFLOW_MYSQL_LOCK_WAIT_SECONDS": "1",
        }

    def positions(self) -> dict[Place, int]:
        """See ``FedStore``."""
        with suppress(mysql.connector.Error):
            rows = self.query("SELECT topic, partition_number, position FROM positions")
            return {Place(topic, number): position for topic, number, position in rows}
        return {}

    def damage(self) -> None:
        """See ``FedStore``."""
        self.execute("DROP TABLE trades")

    def require_agreement(self, events: Sequence[Event]) -> None:
        """See ``FedStore``."""
        require_agreement(self, events)

    def content(self) -> Content:
        """All rows by table, each column as the table has it; without positions."""
        return {
            table.name: self.query(
                f"SELECT {', '.join(f'`{column}`' for column in table.columns)} "
                f"FROM `{table.name}` ORDER BY {', '.join(f'`{column}`' for column in table.key)}"
            )
            for table in DATA
        }

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows that a statement gives."""
        with closing(self.connect()) as db:
            cursor = db.cursor()
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.with_rows else []

    def execute(self, statement: str, *values: object) -> None:
        """Run a statement that changes something."""
        with closing(self.connect()) as db:
            db.cursor().execute(statement, values)
            db.commit()

    def connect(self) -> Any:
        """A connection of the connector's user."""
        settings = self.settings
        return mysql.connector.connect(
            host=settings.host,
            port=settings.port,
            user=settings.user,
            password=settings.password.get_secret_value(),
            database=settings.database,
        )
