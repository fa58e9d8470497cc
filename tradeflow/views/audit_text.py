"""Entries of the audit trail for people and for programs."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

Entry = Mapping[str, Any]


def audit_json(entry: Entry) -> str:
    """One JSON object; times in ISO 8601, bytes as hexadecimal text."""
    return json.dumps(entry, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return _time(value)
    return value.hex() if isinstance(value, bytes) else str(value)


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def audit_table(entries: Iterable[Entry]) -> Table:
    """A table, one line an entry."""
    table = Table(box=SIMPLE)
    for heading in ("Time", "User", "Address", "Action", "Of", "Outcome"):
        table.add_column(heading, overflow="fold")
    table.add_column("Latency", justify="right")
    for entry in entries:
        actor, resource, outcome = entry["actor"], entry["resource"], entry["outcome"]
        latency = entry["metadata"].get("latency_ms")
        failed = outcome["status"] != "success"
        # As text: what people typed may have what rich would take for markup.
        table.add_row(
            Text(_time(entry["timestamp"])),
            Text(actor["user_id"]),
            Text(actor["ip"]),
            Text(entry["action"]),
            Text(f"{resource['type']} {resource['id']}"),
            Text(outcome["reason"] if failed else "ok", style="red" if failed else ""),
            "" if latency is None else f"{latency:,} ms",
        )
    return table
