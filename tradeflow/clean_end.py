"""Ending a long run cleanly on Ctrl-C, SIGTERM or when the terminal closes."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ended_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Within the block the first such signal calls ``stop``, a second one ends the program.

    For the main thread only: no other gets signals.
    """
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def on_signal(_number: int, _frame: object) -> None:
        stop()
        restore()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in before:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        restore()
