"""Faust's table manager, for tables that are restored and written by rounds."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from confluent_kafka.admin import AdminClient
from faust.tables.manager import TableManager as FaustTableManager
from faust.types import TP

from streams.transport.collector import rows_spared
from streams.transport.errors import ConfigError, ExitCode, RoundError, RowError, TransportError
from streams.transport.metrics import Metrics
from streams.transport.restore import Restorer
from streams.transport.table import Table
from streams.transport.transaction import RoundProducer


class TableManager(FaustTableManager):
    """Knows the tables; restores them at an assignment and writes their changes at a round's end.

    Faust's own recovery is not used: its channels read changelogs through the group consumer.
    """

    mundane_level = "debug"

    def __init__(self, app: Any, **kwargs: Any) -> None:
        super().__init__(app, **kwargs)
        self._standing: set[TP] = set()
        """Changelog partitions whose rows are those of the last committed round."""

    def add(self, table: Any) -> Any:
        """Register a table; only this transport's own have a round's guarantees."""
        if not isinstance(table, Table):
            raise ConfigError(f"table {table.name}: make it with app.Table(encode=…, decode=…)")
        return super().add(table)

    async def on_start(self) -> None:
        """Close the set of tables; their topics exist already."""
        self._tables_finalized.set()
        for table in self.values():
            await table.maybe_start()
        self._tables_registered.set()

    async def on_stop(self) -> None:
        """Stop the tables; there is no recovery to stop."""
        for table in self.values():
            await table.stop()

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Nothing here: the consumer restores before it fetches."""
        self._recovery_started.set()

    def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Nothing here: rows stay until it is known who owns them next."""

    async def wait_until_recovery_completed(self) -> bool:
        """Never waits: /health says when the worker is ready."""
        return False

    # --- called on the Kafka thread --------------------------------------------------------------

    def rebuild(
        self,
        admin: AdminClient,
        restorer: Restorer,
        *,
        starts: Mapping[TP, int],
        positions: Mapping[TP, int],
        interrupted: Callable[[], bool],
    ) -> bool:
        """Make the tables stand at the offsets ``starts`` of the assigned input partitions.

        A partition that stands, and whose inputs were left by this worker (``positions``) just
        where they start now, is kept: nobody committed in between.  False if the assignment
        changed meanwhile.
        """
        moved = {tp.partition for tp, offset in starts.items() if positions.get(tp) != offset}
        changelogs = {
            TP(table.changelog_topic_name, partition): table
            for table in self.values()
            for partition in sorted({tp.partition for tp in starts})
        }
        missing = {
            tp: table
            for tp, table in changelogs.items()
            if tp not in self._standing or tp.partition in moved
        }
        gone = {tp for tp in self._standing if tp in missing or tp not in changelogs}
        for tp in gone:
            cast(Table, self._changelogs[tp.topic]).drop(tp.partition)
        self._standing -= gone
        if missing or gone:
            with rows_spared():
                if missing and not restorer.restore(admin, missing, interrupted=interrupted):
                    return False
        self._refuse_rows_without_offsets(starts)
        self._standing |= set(missing)
        return True

    def _refuse_rows_without_offsets(self, starts: Mapping[TP, int]) -> None:
        # The rows were committed together with offsets.  To read the inputs again from their
        # beginning, onto rows that know them already, would double everything.
        known = {tp.partition for tp, offset in starts.items() if offset >= 0}
        for table in self.values():
            for partition in {tp.partition for tp in starts} - known:
                if cast(Table, table).rows(partition):
                    raise ConfigError(
                        f"table {table.name} has rows in partition {partition}, but the group has "
                        "no offset there: its offsets expired or were deleted; to begin anew "
                        f"delete topic {table.changelog_topic_name} too, else set the offsets"
                    )

    def write_changes(self, producer: RoundProducer, metrics: Metrics) -> None:
        """Send the rows that this round changed into its transaction."""
        for table in self.values():
            topic = table.changelog_topic_name
            for partition, records in cast(Table, table).take_changes():
                try:
                    producer.produce_to(topic, partition, records)
                except TransportError as exc:
                    if exc.exit_code is not ExitCode.FAULT or isinstance(exc, RoundError):
                        raise
                    raise RowError(table.name, partition, str(exc)) from exc
                metrics.rows.labels(table=table.name).inc(len(records))
