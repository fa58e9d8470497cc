"""A MySQL database as the tests see it."""

from contextlib import closing
from typing import Any

import mysql.connector

from connectors.mysql import MysqlSettings, MysqlSink
from connectors.mysql.tables import DATA
from schemas.instruments import load_instruments
from tests.chaos.exchange import INSTRUMENTS

Content = dict[str, list[tuple[Any, ...]]]


class MysqlStore:
    """Sinks into one database, and what is in it."""

    def __init__(self, settings: MysqlSettings) -> None:
        self.settings = settings

    def sink(self) -> MysqlSink:
        """A new one, not connected yet."""
        return MysqlSink(self.settings, load_instruments(INSTRUMENTS))

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
