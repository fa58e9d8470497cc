"""What an earlier `up` left running: one that was killed ends nothing itself."""

from collections.abc import Callable
from pathlib import Path

from tradeflow.broker import BrokerSettings, EmbeddedBroker
from tradeflow.supervision.settings import SUPERVISOR, UP, RunFolder

Say = Callable[[str], None]

# supervisord waits for its programs, then has a round of its main loop to go.
_SUPERVISOR_SECONDS = 20.0
_PROGRAM_SECONDS = 8.0


def end_leftovers(folder: RunFolder, say: Say) -> bool:
    """End the recorded processes that still run, `up` itself excepted; whether there were any.

    Each is known by its process id and its start time: another program that was given the same
    number later is left alone.
    """
    found = False
    for name in folder.recorded():
        if name == UP:
            continue
        process = folder.process(name)
        running = process.find()
        if running is not None:
            found = True
            say(f"{name} of an earlier run still runs (process {running.pid}): it is ended.")
            seconds = _SUPERVISOR_SECONDS if name == SUPERVISOR else _PROGRAM_SECONDS
            process.terminate(timeout_seconds=seconds, on_kill=lambda: None)
        process.forget()
        (folder.state / f"{name}.starts").unlink(missing_ok=True)
    return found


class BrokerMark:
    """Remembers that `up` started the embedded broker, so that whoever ends `up` ends it too."""

    def __init__(self, folder: RunFolder) -> None:
        self._file = folder.broker_is_ours

    def set(self, broker: EmbeddedBroker) -> None:
        """The broker of this folder is ours to stop."""
        self._file.write_text(str(broker.data_dir))

    def stop_broker(self, say: Say) -> bool:
        """Stop the broker that is ours, if it runs; whether there was one."""
        data_dir = self._read()
        if data_dir is None:
            return False
        broker = EmbeddedBroker(BrokerSettings(data_dir=Path(data_dir)))
        ran = broker.is_running()
        broker.stop(on_kill=lambda: say("The broker did not stop in time and is killed."))
        self._file.unlink(missing_ok=True)
        return ran

    def _read(self) -> str | None:
        try:
            return self._file.read_text()
        except OSError:
            return None
