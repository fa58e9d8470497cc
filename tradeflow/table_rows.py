"""A stage's table as it stands now, read from its changelog."""

import contextlib

from tradeflow.event_reader import EventReader

_WAIT_SECONDS = 0.2


def read_rows(
    bootstrap: str, changelog: str, *, prefixes: tuple[bytes, ...] = (b"",)
) -> dict[bytes, bytes]:
    """The last value of each key that is not deleted and begins with one of the prefixes.

    Rows that change meanwhile may be missed.
    """
    rows: dict[bytes, bytes] = {}
    with contextlib.closing(EventReader(bootstrap, [changelog], from_end=False)) as reader:
        while not reader.is_at_end:
            for key, value in reader.read_raw(timeout_seconds=_WAIT_SECONDS):
                if not key.startswith(prefixes):
                    continue
                if value:
                    rows[key] = value
                else:
                    rows.pop(key, None)
    return rows
