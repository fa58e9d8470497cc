"""A worker's memory of faults, kept in its slot's folder so that it outlives the process.

The same record failing again and again is a poisoned record: after ``max_faults`` the worker stops
for good, instead of skipping what it does not understand.
"""

import json
from pathlib import Path


class FaultRecord:
    """How often the record that failed last has failed in a row."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "fault.json"

    def count(self, position: str) -> int:
        """Note a fault at ``position``; returns how many in a row were at it, this one included."""
        last, times = self._read()
        times = times + 1 if last == position else 1
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps({"position": position, "times": times}))
        part.replace(self._file)
        return times

    def clear(self) -> None:
        """Forget: the record got through."""
        self._file.unlink(missing_ok=True)

    def pending(self) -> bool:
        """Whether a fault is remembered."""
        return self._file.exists()

    def _read(self) -> tuple[str, int]:
        try:
            data = json.loads(self._file.read_text())
            return str(data["position"]), int(data["times"])
        except (OSError, ValueError, KeyError, TypeError):
            return "", 0
