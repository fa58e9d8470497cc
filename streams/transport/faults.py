"""A worker's memory of faults, kept in its slot's folder so that it outlives the process.

The same record failing again and again is a poisoned record: after ``max_faults`` the worker stops
for good, instead of skipping what it does not understand.  What ends a process without a word (a
crash in C, no memory left) counts by where its first round began: nothing of it was committed, so
the next process begins there too.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from faust.types import TP

_MOST = 100
"""So many faults are remembered, the latest."""


@dataclass(slots=True)
class _Fault:
    times: int
    tp: TP
    offset: int
    """A commit past it shows that the fault is over."""


class FaultRecord:
    """How often each record that failed has failed since a commit got past it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "faults.json"
        self._faults: dict[str, _Fault] = {}
        """What earlier processes noted, and where this one began: ``committed`` ends them."""
        self._begun: list[str] = []

    def count(self, position: str, behind: tuple[TP, int]) -> int:
        """Note a fault at ``position``; returns how many were at it, this one included.

        ``behind`` is the input partition and the offset whose commit shows that it is over.
        """
        faults = self._read()
        fault = faults.pop(position, _Fault(0, *behind))
        fault.times += 1
        faults[position] = fault
        self._write(faults)
        return fault.times

    def begin(self, starts: Mapping[TP, int], *, most: int) -> str | None:
        """Note where the process's first round begins; where ``most`` processes began and ended.

        Who is told so must not begin; it has one more try when it is started again.
        """
        self._faults = self._read()
        worst = None
        for tp, offset in starts.items():
            position = f"{tp.topic}/{tp.partition}/{offset} and behind it, in one round"
            fault = self._faults.pop(position, _Fault(0, tp, offset))
            if fault.times >= most:
                fault.times, worst = most - 1, position
            else:
                fault.times += 1
            self._faults[position] = fault
            self._begun.append(position)
        self._write(self._faults)
        return worst

    def excuse(self) -> None:
        """The process ends for a reason that lies in no record: its beginning does not count."""
        if self._begun:
            faults = self._read()
            for position in self._begun:
                faults.pop(position, None)
            self._write(faults)

    def committed(self, ends: Mapping[TP, int]) -> None:
        """Forget the faults that a commit is past."""
        if not self._faults:
            return
        over = [name for name, one in self._faults.items() if ends.get(one.tp, 0) > one.offset]
        if over:
            for position in over:
                del self._faults[position]
            self._begun = [position for position in self._begun if position in self._faults]
            self._write(self._faults)

    def _read(self) -> dict[str, _Fault]:
        try:
            return {
                str(position): _Fault(int(times), TP(str(topic), int(partition)), int(offset))
                for position, (times, topic, partition, offset) in json.loads(
                    self._file.read_text()
                ).items()
            }
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def _write(self, faults: Mapping[str, _Fault]) -> None:
        if not faults:
            self._file.unlink(missing_ok=True)
            return
        latest = list(faults.items())[-_MOST:]
        part = self._file.with_suffix(".part")
        part.write_text(
            json.dumps({name: [one.times, *one.tp, one.offset] for name, one in latest}, indent=1)
        )
        part.replace(self._file)
