"""A stage's table as it stands now, read from its changelog."""

import contextlib

from tradeflow.event_reader import EventReader

_WAIT_SECONDS = 0.2


def read_rows(
    bootstrap: str, changelog: str, *, prefixes: tuple[bytes, ...] = (b"",)
) -> list[tuple[bytes, bytes]]:
    """The rows, key and value, of all partitions whose keys begin with one of the prefixes.

    Rows that change meanwhile may be missed.
    """
    # Each partition has rows of its own under some keys.
    rows: dict[tuple[int, bytes], bytes] = {}
    with contextlib.closing(EventReader(bootstrap, [changelog], from_end=False)) as reader:
        while not reader.is_at_end:
            for partition, key, value in reader.read_raw(timeout_seconds=_WAIT_SECONDS):
                if not key.startswith(prefixes):
                    continue
                if value:
                    rows[partition, key] = value
                else:
                    rows.pop((partition, key), None)
    return [(key, value) for (_, key), value in rows.items()]
