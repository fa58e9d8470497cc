"""The stores that `up` starts beside the exchange, and ends with it."""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradeflow.errors import TradeflowError
from tradeflow.stores.kinds import (
    StoreName,
    data_dir_of,
    elsewhere,
    embedded_store,
    require_driver,
)
from tradeflow.supervision.alerts import Notice
from tradeflow.supervision.settings import RunFolder

if TYPE_CHECKING:
    from tradeflow.embedded.server import EmbeddedServer

Say = Callable[[str], None]

_POLL_SECONDS = 0.05
_ENDING_SECONDS = 30.0


class Stores:
    """Each is started on a thread of its own; what cannot be had is left out, in one line."""

    def __init__(self, names: Sequence[StoreName], folder: RunFolder, say: Say) -> None:
        self._names = names
        self._folder = folder
        self._say = say
        self._threads: dict[StoreName, threading.Thread] = {}
        self._failures: dict[StoreName, str] = {}
        self._ours: dict[StoreName, EmbeddedServer[Any]] = {}
        self._is_ending = False

    def start(self) -> None:
        """Begin to start those that are not elsewhere."""
        for name in self._names:
            thread = threading.Thread(target=self._start, args=(name,), name=name, daemon=True)
            self._threads[name] = thread
            thread.start()

    def wait(self, go_on: Callable[[], None]) -> None:
        """Until each has started or failed; ``go_on`` may raise to end the wait."""
        told: set[StoreName] = set()
        while True:
            go_on()
            waiting = [name for name, thread in self._threads.items() if thread.is_alive()]
            for name in self._failures.keys() - told:
                told.add(name)
                self._say(f"{name} is left out: {self._failures[name]}")
            if not waiting:
                return
            time.sleep(_POLL_SECONDS)

    def addresses(self) -> dict[StoreName, str]:
        """Where those are that run: host:port of one's own, or what the environment says."""
        found = {}
        for name in self._names:
            if name in self._ours:
                found[name] = self._ours[name].address
            elif name not in self._failures:
                found[name] = elsewhere(name)
        return found

    def look(self) -> list[Notice]:
        """Start again what has ended by itself."""
        notices = []
        for name, store in self._ours.items():
            if store.is_running():
                continue
            notices.append(Notice(f"{name} ended by itself; it is started again.", True))
            try:
                store.start()
            except TradeflowError as error:
                notices.append(Notice(f"{name} cannot be started: {error}", True))
        return notices

    def end(self) -> None:
        """Stop those that were started here; those that ran before go on."""
        self._is_ending = True
        deadline = time.monotonic() + _ENDING_SECONDS
        for thread in self._threads.values():
            # What has begun must be ended by somebody.
            thread.join(max(0.0, deadline - time.monotonic()))
        stop_stores(self._folder, self._say)

    def _start(self, name: StoreName) -> None:
        try:
            require_driver(name)
            if elsewhere(name):
                return
            store = embedded_store(name)
            if not store.is_running():
                mark = self._folder.store_is_ours(name)
                # Before the start: whoever kills this process now still leaves word of it.
                mark.write_text(str(data_dir_of(name)))
            if not self._is_ending:
                store.start()
                self._ours[name] = store
        except TradeflowError as error:
            self._failures[name] = str(error)
        except Exception as error:
            self._failures[name] = f"{type(error).__name__}: {error}"


def stop_stores(folder: RunFolder, say: Say) -> bool:
    """Stop the stores that `up` has started, and that still run; whether there were any."""
    found = False
    for name in StoreName:
        mark = folder.store_is_ours(name)
        try:
            data_dir = Path(mark.read_text())
        except OSError:
            continue
        store = embedded_store(name, data_dir)
        found = store.is_running() or found
        store.stop(on_kill=_said(say, f"{name} did not stop in time and is killed."))
        mark.unlink(missing_ok=True)
    return found


def _said(say: Say, text: str) -> Callable[[], None]:
    return lambda: say(text)
