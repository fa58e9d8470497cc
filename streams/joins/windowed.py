"""The windowed join of two streams, as a strategy of Faust's: a batch in, its results out."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from faust.joins import Join

from streams.domain.join_side import StoredRecord
from streams.domain.window_join import Joined, JoinKind, WindowJoin
from streams.joins.field import Bad, Field, Passed, require_topics
from streams.joins.measured import JoinMetrics
from streams.joins.result_batch import ResultBatch
from streams.joins.rows import store_changes
from streams.transport import Batch, Table
from streams.transport.errors import ConfigError, TransportError
from streams.transport.records import timestamp_of

if TYPE_CHECKING:
    from streams.joins.stream import Stream


class JoinedBatch(ResultBatch):
    """The results of a batch of either input: ``Joined`` and ``Passed``, in order."""

    __slots__ = ("_join",)

    def __init__(self, join: "WindowedJoin", batch: Batch) -> None:
        super().__init__(batch)
        self._join = join

    def __iter__(self) -> Iterator[Joined | Passed]:
        batch = self.batch
        field = self._join.inputs[batch.topic]
        state = self._join.state(batch.partition)
        is_left = field is self._join.left_field
        take = state.left if is_left else state.right
        advance = state.advance_left if is_left else state.advance_right
        late, skipped = state.late, state.skipped
        key_of, time_of = field.key, field.time_ms
        for value, data in field.values(batch):
            key = key_of(value)
            time_ms = timestamp_of(batch.current) if field.by_log_time else time_of(value)
            if key is None:
                if time_ms is not None:
                    yield from advance(time_ms)
                yield Passed(field, value)
            elif time_ms is None:
                batch.dead_letter("NO_TIME", f"what is joined by {key!r} has no time")
            else:
                yield from take(key, time_ms, value, data)
        self._join.store(batch.partition, late=state.late - late, skipped=state.skipped - skipped)
        self.is_read = True


class WindowedJoin(Join):
    """Faust's join strategy: one state for each partition, kept in a table.

    A stream has one batch of one topic's partition after the other; two batches of a round with
    one number but two topics share the state of that number, in whatever order they come.
    """

    def __init__(
        self,
        kind: JoinKind,
        *,
        stream: "Stream",
        fields: tuple[Field, ...],
        table: Table,
        before_ms: int,
        after_ms: int,
        grace_ms: int,
    ) -> None:
        if len(fields) != 2 or fields[0].topic == fields[1].topic:
            raise ConfigError(f"a {kind} join is of two fields, of two topics: left, right")
        require_topics(stream, {field.topic for field in fields}, f"a {kind} join")
        self.left_field, self.right_field = fields
        self.inputs = {field.topic: field for field in fields}
        self.fields = cast(Any, self.inputs)
        self.stream = stream
        self.kind = kind
        self.table = table
        self._window = {"before_ms": before_ms, "after_ms": after_ms, "grace_ms": grace_ms}
        try:
            WindowJoin(kind, **self._window)
        except ValueError as exc:
            raise ConfigError(f"a {kind} join on table {table.name}: {exc}") from exc
        self._metrics = JoinMetrics.of(stream.app)

    async def process(self, event: Any) -> Any:
        """The results of a batch: Faust hands over a stream's *value*, whatever it calls it."""
        return JoinedBatch(self, event)

    def state(self, partition: int) -> WindowJoin:
        """The join of an owned partition, rebuilt from its rows after a restore.

        Raises:
            ConfigError: another join keeps its rows in the same table.
        """
        rows = self.table.rows(partition)
        if rows.index is None:
            join = WindowJoin(self.kind, **self._window)
            for row in rows.values():
                if isinstance(row, StoredRecord):
                    row.value = self._value(row)
            join.load(rows)
            rows.index = self, join
        owner, state = rows.index
        if owner is not self:
            raise ConfigError(f"two joins share table {self.table.name}: each has its own")
        return state  # type: ignore[no-any-return]

    def store(self, partition: int, *, late: int, skipped: int) -> None:
        """Hand what a batch changed to the table, which writes it at the round's end."""
        store_changes(self.table.rows(partition), self.state(partition).take_changes())
        self._metrics.count(self.table.name, late=late, skipped=skipped)

    def _value(self, row: StoredRecord) -> Any:
        field = self.left_field if row.is_left else self.right_field
        value = field.decode(row.data)
        if isinstance(value, Bad):
            raise TransportError(
                f"row {row.row_key!r} of table {self.table.name} is no value of {field.topic}: "
                f"{value.reason} {value.detail}"
            )
        return value
