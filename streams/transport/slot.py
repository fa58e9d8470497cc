"""Worker slots: one process each, held by a file lock that ends with the process."""

import fcntl
import os
from pathlib import Path
from typing import IO

from streams.transport.errors import ConfigError


class Slot:
    """The folder of one worker slot, and the lock on it.

    Two processes in one slot would share a ``group.instance.id`` and fence each other for ever.
    """

    def __init__(self, state_dir: Path, member: str) -> None:
        self.folder = state_dir / member
        self._lock: IO[str] | None = None

    def acquire(self) -> None:
        """Take the slot.

        Raises:
            ConfigError: the folder cannot be written, or another process has the slot.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / "lock").open("a+")
        except OSError as exc:
            raise ConfigError(f"cannot write to {self.folder}: {exc.strerror}") from exc
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            lock.seek(0)
            holder = lock.read().strip() or "?"
            lock.close()
            raise ConfigError(
                f"slot {self.folder.name} is taken by process {holder}: choose another slot number"
            ) from exc
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def release(self) -> None:
        """Give the slot up."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
