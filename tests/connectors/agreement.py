"""Whether MySQL holds what the log says: row counts and checksums by table."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from connectors.event import Event
from connectors.mysql.tables import DATA
from schemas.instruments import load_instruments
from tests.chaos.exchange import INSTRUMENTS
from tests.connectors.mysql_reference import Reference

if TYPE_CHECKING:
    from tests.connectors.mysql_store import MysqlStore

_JSON_COLUMNS = {"step_history", "payload"}
Rows = list[tuple[Any, ...]]


def expected(events: Iterable[Event]) -> dict[str, Rows]:
    """What must be there after these events."""
    columns = {table.name: table.columns for table in DATA}
    return Reference(load_instruments(INSTRUMENTS)).take(events).content(columns)


def found(store: "MysqlStore") -> dict[str, Rows]:
    """What is there; JSON as what it means, since MySQL has its own order and spaces."""
    content = store.content()
    for table in DATA:
        meaning = [
            json.loads if column in _JSON_COLUMNS else lambda value: value
            for column in table.columns
        ]
        content[table.name] = [
            tuple(read(value) for read, value in zip(meaning, row, strict=True))
            for row in content[table.name]
        ]
    return content


def sums(content: Mapping[str, Rows]) -> dict[str, tuple[int, str]]:
    """Row count and checksum by table."""
    return {
        name: (len(rows), hashlib.sha256(_text(rows).encode()).hexdigest()[:16])
        for name, rows in content.items()
    }


def require_agreement(store: "MysqlStore", events: Iterable[Event]) -> None:
    """Fail with the first row that differs unless counts and checksums are equal."""
    there, right = found(store), expected(events)
    if sums(there) == sums(right):
        return
    for name, rows in right.items():
        mine, its = set(_text(rows).splitlines()), set(_text(there[name]).splitlines())
        missing, wrong = sorted(mine - its), sorted(its - mine)
        assert not missing and not wrong, (
            f"{name}: {len(missing)} rows missing, {len(wrong)} wrong\n"
            f"right: {missing[:1]}\nthere: {wrong[:1]}"
        )
    raise AssertionError("rows are there more than once")


def _text(rows: Rows) -> str:
    # Sorted anew: MySQL sorts an ENUM by its own order.
    return "\n".join(sorted(_row_text(row) for row in rows))


def _row_text(row: tuple[Any, ...]) -> str:
    # Decimals of different scale are equal, and so must their texts be.
    return "|".join(
        json.dumps(value, sort_keys=True)
        if isinstance(value, dict | list)
        else f"{value:.8f}"
        if type(value).__name__ == "Decimal"
        else str(value)
        for value in row
    )
