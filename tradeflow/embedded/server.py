"""A server on this machine: one process in the background, with a folder of its own.

Whoever uses the same folder finds the same server, in this process or in another one.  A server's
own class says how it is run and how it answers.
"""

import fcntl
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from tradeflow.embedded.ports import choose_port
from tradeflow.embedded.settings import ServerSettings
from tradeflow.errors import TradeflowError
from tradeflow.recorded_process import RecordedProcess

_POLL_SECONDS = 0.02

Settings = TypeVar("Settings", bound=ServerSettings)


class EmbeddedServer(ABC, Generic[Settings]):
    """One server and its folder; found again by whoever uses the same folder."""

    name: ClassVar[str]
    """What people call it: «Redis server»."""
    stem: ClassVar[str]
    """What its files begin with."""
    start_command: ClassVar[str]
    """What starts it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._home = self.settings.data_dir.absolute()
        self._process = RecordedProcess(self._home / f"{self.stem}.pid")
        self._address_file = self._home / f"{self.stem}.address"
        # Kept so that a process which this one started is reaped when it ends.
        self._child: subprocess.Popen[bytes] | None = None

    # --- what each server says of itself ----------------------------------------------------------

    @abstractmethod
    def _command(self, port: int) -> list[str]:
        """The command line that runs it, once all that it needs is there.

        Raises:
            TradeflowError: something cannot be had; it says what to do.
        """

    @abstractmethod
    def _probe(self) -> AbstractContextManager[Callable[[], bool]]:
        """Asks this very server whether it answers, within the block as often as one likes."""

    def _last_words(self) -> str:
        """Why it ended, from what it has said."""
        lines = self.server_log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing."

    def _ended(self) -> TradeflowError:
        """What to say of a server that ended while it started."""
        return TradeflowError(
            f"{self._title} ended while it started: {self._last_words()}",
            remedy=f"Its log: {self.server_log}",
        )

    @property
    def _title(self) -> str:
        """What sentences about it begin with."""
        return f"The {self.name}"

    @property
    def _shown(self) -> str:
        """Where it answers, as it is said to people."""
        return self.address

    @property
    def server_log(self) -> Path:
        """What the server says."""
        return self._home / f"{self.stem}.log"

    @property
    def _console(self) -> Path:
        """Where its standard output goes."""
        return self.server_log

    @property
    def _runs_in(self) -> Path | None:
        """The folder in which its process runs; None: wherever it is started."""
        return self._home

    # --- what is the same for all -----------------------------------------------------------------

    @property
    def address(self) -> str:
        """host:port; it stays the same when the server starts again.

        Raises:
            TradeflowError: it was never started.
        """
        try:
            return self._address_file.read_text().strip()
        except OSError as error:
            raise TradeflowError(
                f"The {self.name} in {self._home} was never started.",
                remedy=f"Start it with: {self.start_command}",
            ) from error

    @property
    def pid(self) -> int | None:
        """The server's process id, None when it does not run."""
        if self._child is not None and self._child.poll() is not None:
            self._child = None
        process = self._process.find()
        return None if process is None else process.pid

    def is_running(self) -> bool:
        """Whether the process lives; one that just starts may not answer yet."""
        return self.pid is not None

    def start(self) -> None:
        """Start the server and return when it answers; one that runs already is left alone.

        Raises:
            TradeflowError: that cannot be; it says what to change.
        """
        self._prepare_home()
        with self._only_one_starts():
            if self.is_running():
                self._wait_until_it_answers()
                return
            try:
                self._launch()
                self._wait_until_it_answers()
            except (TradeflowError, KeyboardInterrupt):
                self.stop()
                raise

    def stop(self, on_kill: Callable[[], None] = lambda: None) -> None:
        """Stop the server cleanly; ``on_kill`` is called if it has to be killed in the end."""
        self._process.terminate(timeout_seconds=self.settings.stop_timeout_seconds, on_kill=on_kill)
        self._reap()

    def kill(self) -> None:
        """End the server as a crash would (SIGKILL); its data and pid file stay as they are."""
        self._process.kill()
        self._reap()

    # ----------------------------------------------------------------------------------------------

    def _prepare_home(self) -> None:
        try:
            self._home.mkdir(parents=True, exist_ok=True)
            (self._home / "start.lock").touch()
        except OSError as error:
            raise TradeflowError(
                f"{self._title} cannot write to its folder {self._home}: {error.strerror}.",
                remedy=f"Set {self.settings.variable('data_dir')} to a folder that it can write"
                " to.",
            ) from error

    @contextmanager
    def _only_one_starts(self) -> Iterator[None]:
        with (self._home / "start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _choose_port(self) -> int:
        settings = self.settings
        return choose_port(
            settings.host,
            settings.port,
            preferred=self._last_port(),
            host_setting=settings.variable("host"),
            port_setting=settings.variable("port"),
        )

    def _last_port(self) -> int | None:
        try:
            return int(self._address_file.read_text().rpartition(":")[2])
        except (OSError, ValueError):
            return None

    def _launch(self) -> None:
        port = self._choose_port()
        self._address_file.write_text(f"{self.settings.host}:{port}\n")
        command = self._command(port)
        # What an earlier run said would be taken for this one's reason to fail.
        self.server_log.unlink(missing_ok=True)
        with self._console.open("wb") as console:
            self._child = self._run(command, console.fileno())
        self._process.record(self._child.pid)

    def _run(self, command: list[str], console: int) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                command,
                cwd=self._runs_in,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal is for the command, not for the server behind it.
                start_new_session=True,
            )
        except OSError as error:
            raise TradeflowError(
                f"{self._title} cannot be run: {command[0]}: {error.strerror}."
            ) from error

    def _wait_until_it_answers(self) -> None:
        settings = self.settings
        deadline = time.monotonic() + settings.start_timeout_seconds
        with self._probe() as answers:
            while not answers():
                if not self.is_running():
                    raise self._ended()
                if time.monotonic() > deadline:
                    raise TradeflowError(
                        f"{self._title} did not answer at {self._shown} within"
                        f" {settings.start_timeout_seconds:.0f} s.",
                        remedy=f"Its log: {self.server_log}. If the machine is only slow, set"
                        f" {settings.variable('start_timeout_seconds')}.",
                    )
                time.sleep(_POLL_SECONDS)

    def _reap(self) -> None:
        if self._child is not None:
            self._child.wait()
            self._child = None
