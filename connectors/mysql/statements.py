"""Many rows in one statement."""

from collections.abc import Sequence
from typing import Any

_ROWS_MAX = 5_000
"""In one statement, which must stay below the server's largest packet."""


def marks(values: Sequence[Any]) -> str:
    """A place for each value."""
    return ", ".join(["%s"] * len(values))


def execute_rows(cursor: Any, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run an INSERT with so many rows; the driver makes one statement of them."""
    for start in range(0, len(rows), _ROWS_MAX):
        cursor.executemany(statement, rows[start : start + _ROWS_MAX])
