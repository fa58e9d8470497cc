"""Starting the worker with hooks, and letting it go on where a hook holds it up."""

from pathlib import Path

from tests.streams.transport.echo import Echo
from tests.streams.transport.workers import Worker

_HOOKED = Path(__file__).with_name("hooked_worker.py")


class Gates:
    """The folder of files that hooks look at."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self, name: str) -> None:
        """Arm a hook, or let whoever waits at ``name`` go on."""
        (self.folder / name).touch()


def start(echo: Echo, gates: Gates, slot: int, *hooks: str) -> Worker:
    """Start a worker with hooks."""
    env = {"ECHO_HOOKS": ",".join(hooks), "ECHO_GATES": str(gates.folder)}
    return echo.start(slot, program=_HOOKED, env=env)
