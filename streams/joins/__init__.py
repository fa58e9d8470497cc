"""Joins for Faust: windowed between two streams, and of a stream with a table.  See README.md."""

from streams.joins.field import Bad, Field, Passed
from streams.joins.rows import join_table
from streams.joins.stream import Stream
from streams.joins.table_join import Found
from streams.joins.windowed import JoinedBatch, WindowedJoin

__all__ = [
    "Bad",
    "Field",
    "Found",
    "JoinedBatch",
    "Passed",
    "Stream",
    "WindowedJoin",
    "join_table",
]
