"""The join of a stream with a table: each value with the row that its key has now."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from faust.joins import Join

from streams.joins.field import Field, Passed, require_topics
from streams.joins.measured import JoinMetrics
from streams.joins.result_batch import ResultBatch
from streams.transport import Batch, Table

if TYPE_CHECKING:
    from streams.joins.stream import Stream


class Found(NamedTuple):
    """A value and the row of its key, None where there is none."""

    key: str
    value: Any
    row: Any


class FoundBatch(ResultBatch):
    """The values of a batch with their rows: ``Found`` and ``Passed``, in order."""

    __slots__ = ("_join",)

    def __init__(self, join: "TableJoin", batch: Batch) -> None:
        super().__init__(batch)
        self._join = join

    def __iter__(self) -> Iterator[Found | Passed]:
        join = self._join
        field, keeps_all = join.field, join.keeps_all
        rows = join.table.rows(self.partition)
        skipped = 0
        for value, _ in field.values(self.batch):
            key = field.key(value)
            if key is None:
                yield Passed(field, value)
                continue
            # Asked for one by one: the agent may change rows meanwhile.
            row = rows.get(key)
            if row is None and not keeps_all:
                skipped += 1
                continue
            yield Found(key, value, row)
        join.metrics.count(join.table.name, skipped=skipped)
        self.is_read = True


class TableJoin(Join):
    """Faust's join strategy for a stream and a table of the same partitions."""

    def __init__(self, *, stream: "Stream", field: Field, table: Table, keeps_all: bool) -> None:
        require_topics(stream, {field.topic}, f"a join with table {table.name}")
        self.field = field
        self.fields = cast(Any, {field.topic: field})
        self.stream = stream
        self.table = table
        self.keeps_all = keeps_all
        self.metrics = JoinMetrics.of(stream.app)

    async def process(self, event: Any) -> Any:
        """The values of a batch with their rows."""
        return FoundBatch(self, event)
