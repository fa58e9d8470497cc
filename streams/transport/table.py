"""Faust tables whose rows live by partition and are written once a round.

A stock Faust table sends a changelog record for each write as it happens.  Here a write marks its
key, and the round's end sends each marked row once, as it then stands, in the transaction that
also carries the round's outputs and offsets.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, Self, TypeVar

import faust
from faust.streams import current_event
from faust.types import TP

from streams.transport.errors import ConfigError, RowError

Row = TypeVar("Row")


class Rows(dict[str, Row], Generic[Row]):
    """The rows of one partition: a dictionary that remembers which keys a round changed, in order.

    Another object takes its place when the partition is restored.  Whoever works on rows by an
    index keeps it in ``index``, so that it goes when they go.
    """

    __slots__ = ("changed", "index")

    def __init__(self) -> None:
        super().__init__()
        self.changed: dict[str, None] = {}
        self.index: Any = None

    def __setitem__(self, key: str, row: Row) -> None:
        super().__setitem__(key, row)
        self.changed[key] = None

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self.changed[key] = None

    def put(self, rows: Mapping[str, Row]) -> None:
        """Assign many rows, at less cost than one by one."""
        super().update(rows)
        self.changed.update(dict.fromkeys(rows))

    def discard(self, key: str) -> None:
        """Remove a row if it is there; its tombstone is written either way."""
        super().pop(key, None)
        self.changed[key] = None

    # A dictionary's other ways to change pass the two above by, so each says what it changed.

    def pop(self, key: str, *default: Any) -> Any:
        """As a dictionary's."""
        if key in self:
            self.changed[key] = None
        return super().pop(key, *default)

    def popitem(self) -> tuple[str, Row]:
        """As a dictionary's."""
        key, row = super().popitem()
        self.changed[key] = None
        return key, row

    def clear(self) -> None:
        """As a dictionary's."""
        self.changed.update(dict.fromkeys(self))
        super().clear()

    def setdefault(self, key: str, default: Any = None) -> Any:
        """As a dictionary's."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *rows: Any, **more: Any) -> None:
        """As a dictionary's."""
        self.put(dict(*rows, **more))

    def __ior__(self, rows: Any) -> Self:  # type: ignore[override, misc]
        self.update(rows)
        return self

    def restore(self, key: str, row: Row | None) -> None:
        """Put a row from the changelog in its place, without writing it again."""
        if row is None:
            super().pop(key, None)
        else:
            super().__setitem__(key, row)


class RowStore:
    """The rows of a table, partition by partition, and what of them is to be written.

    ``encode`` and ``decode`` turn a row into bytes and back; rows are whatever objects the agent
    works with, so that nothing is converted between rounds.  Keys are text.
    """

    name: str

    def __init__(self, *, encode: Callable[[Any], bytes], decode: Callable[[bytes], Any]) -> None:
        self.encode = encode
        self.decode = decode
        self._partitions: dict[int, Rows[Any]] = {}

    def rows(self, partition: int) -> Rows[Any]:
        """The rows of an owned partition."""
        rows = self._partitions.get(partition)
        if rows is None:
            raise KeyError(f"partition {partition} of table {self.name} is not owned here")
        return rows

    def begin_restore(self, partition: int) -> None:
        """Start a partition anew, empty."""
        self._partitions[partition] = Rows()

    def restore(self, partition: int, records: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Apply changelog records, in order; a value of None removes its row."""
        restore = self._partitions[partition].restore
        decode = self.decode
        for key, value in records:
            restore(key.decode(), None if value is None else decode(value))

    def drop(self, partition: int) -> None:
        """Forget a partition that is owned elsewhere now."""
        self._partitions.pop(partition, None)

    def take_changes(self) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """The rows changed since the last call, as records to produce, partition by partition."""
        encode = self.encode
        for partition, rows in self._partitions.items():
            if rows.changed:
                get = rows.get
                records: list[dict[str, Any]] = []
                for key in rows.changed:
                    row = get(key)
                    try:
                        value = None if row is None else encode(row)
                    except Exception as exc:
                        raise RowError(self.name, partition, f"{key!r}: {exc!r}") from exc
                    records.append({"key": key, "value": value})
                rows.changed.clear()
                yield partition, records


class Table(RowStore, faust.Table[str, Any]):
    """A table with one writer: the agent that owns the partition."""

    mundane_level = "debug"

    def __init__(
        self,
        app: Any,
        *,
        encode: Callable[[Any], bytes],
        decode: Callable[[bytes], Any],
        **kwargs: Any,
    ) -> None:
        if kwargs.get("window") is not None:
            raise ConfigError(f"table {kwargs.get('name')}: windowed tables are not supported")
        RowStore.__init__(self, encode=encode, decode=decode)
        faust.Table.__init__(self, app, **kwargs)

    # --- Faust's mapping interface: the partition is that of the current event -------------------

    def _current(self) -> Rows[Any]:
        event = current_event()
        if event is None:
            raise TypeError(f"table {self.name} can only be used while a stream is processed")
        return self.rows(event.message.partition)

    def __getitem__(self, key: str) -> Any:
        row = self._current().get(key)
        return self.__missing__(key) if row is None else row

    def __setitem__(self, key: str, row: Any) -> None:
        self._current()[key] = row

    def __delitem__(self, key: str) -> None:
        del self._current()[key]

    def __contains__(self, key: object) -> bool:
        return key in self._current()

    def __iter__(self) -> Iterator[str]:
        return iter(self._current())

    def __len__(self) -> int:
        return len(self._current())

    def get(self, key: str, default: Any = None) -> Any:
        """The row of ``key`` in the current partition."""
        return self._current().get(key, default)

    def keys(self) -> Any:
        """The current partition's keys."""
        return self._current().keys()

    def values(self) -> Any:
        """The current partition's rows."""
        return self._current().values()

    def items(self) -> Any:
        """The current partition's keys and rows."""
        return self._current().items()

    # --- Faust's services: the table manager of this transport restores and writes ---------------

    async def on_start(self) -> None:
        """Nothing to start: topics are made, and rows restored, before the first round."""

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Nothing to do: the table manager moves partitions."""
