"""One `up` a folder: the second one is told of the first."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from tradeflow.errors import TradeflowError
from tradeflow.supervision.settings import UP, RunFolder


@contextmanager
def only_one(folder: RunFolder) -> Iterator[None]:
    """Hold the folder's lock within the block; its end with the process gives it back too.

    Raises:
        TradeflowError: another `up` has it, or the folder cannot be written to.
    """
    folder.prepare()
    with folder.lock.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            other = folder.process(UP).find()
            number = f" (process {other.pid})" if other is not None else ""
            raise TradeflowError(
                f"TradeFlow is up already{number}.", remedy="Stop it with: tradeflow down"
            ) from error
        yield
