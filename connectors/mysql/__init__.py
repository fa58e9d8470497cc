"""The MySQL sink: rows for reports, and the ledger's books, as of one SQL transaction a batch."""

from connectors.mysql.settings import MysqlSettings
from connectors.mysql.sink import MysqlSink

__all__ = ("MysqlSettings", "MysqlSink")
