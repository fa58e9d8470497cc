"""Faust's streams with joins that work: ``App(settings, Stream=streams.joins.Stream)``."""

from datetime import timedelta
from typing import Any, cast

from faust.types import EventT
from mode import Seconds, want_seconds

from streams.domain.window_join import JoinKind
from streams.joins.field import Field
from streams.joins.result_batch import ResultBatch
from streams.joins.table_join import TableJoin
from streams.joins.windowed import WindowedJoin
from streams.transport import Table
from streams.transport.stream import Stream as RoundStream

Within = Seconds | tuple[Seconds, Seconds]
"""How far apart partners may be: both ways, or how long before a left record and how long after."""


class Stream(RoundStream):
    """A stream of batches that can be joined; each method gives a new stream, of results.

    The first field is the left input, the second the right one.  ``within`` and ``grace`` are
    seconds, or timedeltas; ``table`` is made by ``join_table`` and is this join's alone.
    """

    _given: ResultBatch | None = None

    def join(self, *fields: Any, **options: Any) -> "Stream":
        """An inner join: Faust's own word for it, and Kafka Streams'."""
        return self.inner_join(*fields, **options)

    def inner_join(  # type: ignore[override]
        self, *fields: Any, within: Within, grace: Seconds = 0.0, table: Table
    ) -> "Stream":
        """Pairs alone."""
        return self._windowed("inner", fields, within, grace, table)

    def left_join(  # type: ignore[override]
        self, *fields: Any, within: Within, grace: Seconds = 0.0, table: Table
    ) -> "Stream":
        """Pairs, and left records without a partner."""
        return self._windowed("left", fields, within, grace, table)

    def right_join(
        self, *fields: Any, within: Within, grace: Seconds = 0.0, table: Table
    ) -> "Stream":
        """Pairs, and right records without a partner."""
        return self._windowed("right", fields, within, grace, table)

    def outer_join(  # type: ignore[override]
        self, *fields: Any, within: Within, grace: Seconds = 0.0, table: Table
    ) -> "Stream":
        """Pairs, and records of either input without a partner."""
        return self._windowed("outer", fields, within, grace, table)

    def table_join(self, field: Field, table: Table) -> "Stream":
        """Each value of the field's topic with the row that its key has when the value comes.

        Not windowed: what the row says depends on which was processed first, the value or the
        change of the row.  A value whose key has no row is left out, and counted.
        """
        return self._joined(TableJoin(stream=self, field=field, table=table, keeps_all=False))

    def left_table_join(self, field: Field, table: Table) -> "Stream":
        """As ``table_join``; a value whose key has no row comes with None."""
        return self._joined(TableJoin(stream=self, field=field, table=table, keeps_all=True))

    def _windowed(
        self, kind: JoinKind, fields: Any, within: Within, grace: Seconds, table: Table
    ) -> "Stream":
        before, after = within if isinstance(within, tuple) else (within, within)
        return self._joined(
            WindowedJoin(
                kind,
                stream=self,
                fields=fields,
                table=table,
                before_ms=_ms(before),
                after_ms=_ms(after),
                grace_ms=_ms(grace),
            )
        )

    def _joined(self, strategy: WindowedJoin | TableJoin) -> "Stream":
        return cast(Stream, self._join(strategy))

    # --- what is given must be read ---------------------------------------------------------------

    async def on_merge(self, value: Any = None) -> Any:
        """Called for each batch: what the strategy makes of it."""
        given = await super().on_merge(value)
        self._given = given if isinstance(given, ResultBatch) else None
        return given

    def _finish(self, event: EventT[Any]) -> None:
        if self._given is not None:
            self._given.require_read()
            self._given = None
        super()._finish(event)


def _ms(time: Seconds) -> int:
    seconds = time.total_seconds() if isinstance(time, timedelta) else want_seconds(time)
    return round(1_000 * seconds)
