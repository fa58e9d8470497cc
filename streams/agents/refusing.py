"""What a stage refuses to take for a command, although it can be decoded."""

from collections.abc import Collection, Mapping
from typing import Any

from schemas.limits import find_fault

AHEAD_MS = 60_000
"""How far a command's time may be ahead of the log's: it moves the clock by which a partition
forgets what it has done already."""


def refuse(
    kind: str,
    command: Mapping[str, Any],
    key: bytes | None,
    timestamp_ms: int,
    *,
    kinds: Collection[str],
    keyed_by: str,
) -> tuple[str, str] | None:
    """Why a decoded record is no command for this stage (reason, detail); None if it is one.

    ``kinds`` are the stage's commands, and ``keyed_by`` is the field that is their key: under
    another key a command would be in a partition that does not own what it is about.
    ``timestamp_ms`` is the record's, which the broker gave it.
    """
    if kind not in kinds:
        return "UNEXPECTED_RECORD", f"{kind} is not a command"
    if kind != "Tick":
        if not key:
            return "MISSING_KEY", f"{kind} {command['command_id']!r} has no key"
        if key != command[keyed_by].encode():
            return "KEY_MISMATCH", f"the key is {key!r}, the {keyed_by} {command[keyed_by]!r}"
    fault = find_fault(kind, command)
    if fault is None and command["time_ms"] > timestamp_ms + AHEAD_MS:
        fault = f"{kind}.time_ms is ahead of the log's clock"
    return None if fault is None else ("IMPOSSIBLE_VALUE", fault)
