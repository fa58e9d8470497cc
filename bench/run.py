"""What a benchmark is given: how large it shall be, where it may write, whom it tells."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROUNDS = 3
"""Of whatever is compared: A B A B A B, since a machine drifts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of some benchmarks."""

    folder: Path
    """For files and logs; removed at the end."""
    say: Callable[[str], None]
    """Shows what is being done."""
    is_quick: bool = False
    """Small sizes, one round: shows that a benchmark works, not how fast anything is."""

    def size(self, whole: int, quick: int) -> int:
        """How many: ``whole``, or ``quick`` where it only has to work."""
        return quick if self.is_quick else whole

    @property
    def rounds(self) -> int:
        """How often each contender has its turn."""
        return 1 if self.is_quick else ROUNDS
