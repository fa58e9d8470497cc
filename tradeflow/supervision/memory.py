"""How much memory a process takes, its part of what it shares with others counted once."""

from pathlib import Path

import psutil


def memory_bytes(pid: int) -> int | None:
    """Of one process; None: it is gone, or not ours to look at."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1_024
    except (OSError, ValueError, IndexError):
        pass
    try:
        # Where the kernel does not tell: with all that is shared.
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return None
