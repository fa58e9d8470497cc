"""A worker's memory of faults, kept in its slot's folder so that it outlives the process.

The same record failing again and again is a poisoned record: after ``max_faults`` the worker stops
for good, instead of skipping what it does not understand.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from faust.types import TP


class FaultRecord:
    """How often the record that failed last has failed in a row."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "fault.json"
        self._behind: tuple[TP, int] | None = None

    def count(self, position: str, behind: tuple[TP, int]) -> int:
        """Note a fault at ``position``; returns how many in a row were at it, this one included.

        ``behind`` is the input partition and the offset whose commit shows that it is over.
        """
        last, times, _ = self._read()
        times = times + 1 if last == position else 1
        part = self._file.with_suffix(".part")
        part.write_text(
            json.dumps({"position": position, "times": times, "behind": [*behind[0], behind[1]]})
        )
        part.replace(self._file)
        return times

    def recall(self) -> None:
        """Read what an earlier process noted: ``committed`` watches out for its end."""
        self._behind = self._read()[2]

    def committed(self, ends: Mapping[TP, int]) -> None:
        """Forget the fault once a round is committed that is past it; others say nothing of it."""
        if self._behind is not None and ends.get(self._behind[0], 0) > self._behind[1]:
            self._file.unlink(missing_ok=True)
            self._behind = None

    def _read(self) -> tuple[str, int, tuple[TP, int] | None]:
        try:
            data = json.loads(self._file.read_text())
            topic, partition, offset = data["behind"]
            behind = TP(str(topic), int(partition)), int(offset)
            return str(data["position"]), int(data["times"]), behind
        except (OSError, ValueError, KeyError, TypeError):
            return "", 0, None
