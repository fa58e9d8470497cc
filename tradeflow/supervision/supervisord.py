"""supervisord as a child process, and questions to it."""

import http.client
import os
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from tradeflow.errors import TradeflowError
from tradeflow.supervision.programs import Program, supervisord_config
from tradeflow.supervision.settings import SUPERVISOR, RunFolder

_START_SECONDS = 15.0
_POLL_SECONDS = 0.05
# The kernel takes 107 bytes; supervisord puts its process id behind the name while it starts.
_SOCKET_PATH_BYTES_MAX = 95


@dataclass(frozen=True, slots=True)
class ProgramState:
    """What supervisord says of one program."""

    name: str
    state: str
    """STOPPED, STARTING, RUNNING, BACKOFF, STOPPING, EXITED, FATAL or UNKNOWN."""
    pid: int
    exit_code: int
    """Of the last end; -1 where a signal ended it."""


class Supervisord:
    """One supervisord with its own configuration, log and socket."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._process = folder.process(SUPERVISOR)
        self._socket = _socket_path(folder.state)
        self._child: subprocess.Popen[bytes] | None = None
        self._groups: dict[str, str] = {}
        self._programs: list[Program] = []

    def start(self, programs: Sequence[Program], *, settings: Mapping[str, str]) -> None:
        """Start it and with it the programs that start at once.

        ``settings`` are added to the environment that all of them inherit.
        """
        self._programs = list(programs)
        config = self._write_config()
        console = self._folder.logs / "supervisor-console.log"
        with console.open("wb") as output:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "supervisor.supervisord", "-c", str(config)],
                cwd=self._folder.home,
                env={**os.environ, **settings},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal is for `up`, which ends all in order.
                start_new_session=True,
            )
        self._process.record(self._child.pid)
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._child.poll() is not None or time.monotonic() > deadline:
                said = console.read_text(errors="replace").strip().splitlines() or ["nothing"]
                raise TradeflowError(
                    f"supervisord did not start; it said: {said[-1]}",
                    remedy=f"Its log: {self._folder.log_of('supervisor')}",
                )
            time.sleep(_POLL_SECONDS)

    def add(self, programs: Sequence[Program]) -> None:
        """Start further ones, that do not start at once."""
        self._programs += programs
        self._write_config()
        with self._asking("more programs could not be started") as rpc:
            rpc.supervisor.reloadConfig()
            for program in programs:
                rpc.supervisor.addProcessGroup(program.name)
                rpc.supervisor.startProcess(program.name, False)

    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._child is not None and self._child.poll() is None

    def states(self) -> list[ProgramState]:
        """All programs; none when supervisord does not answer."""
        try:
            with self._rpc() as rpc:
                infos = rpc.supervisor.getAllProcessInfo()
        except (OSError, xmlrpc.client.Error, http.client.HTTPException):
            return []
        self._groups = {info["name"]: info["group"] for info in infos}
        return [
            ProgramState(info["name"], info["statename"], info["pid"], info["exitstatus"])
            for info in infos
        ]

    def start_program(self, name: str) -> None:
        """Start a program that does not start at once."""
        with self._asking(f"{name} could not be started") as rpc:
            rpc.supervisor.startProcess(f"{self._groups.get(name, name)}:{name}", False)

    def stop(self, *, timeout_seconds: float) -> None:
        """Stop the programs, the last first, and then supervisord itself."""
        self._process.terminate(timeout_seconds=timeout_seconds, on_kill=lambda: None)
        if self._child is not None:
            self._child.wait()
        self._socket.unlink(missing_ok=True)

    def _write_config(self) -> Path:
        config = self._folder.state / "supervisord.conf"
        config.write_text(
            supervisord_config(
                self._programs, self._folder, socket=self._socket, directory=Path.cwd()
            )
        )
        return config

    @contextmanager
    def _asking(self, what_failed: str) -> Iterator[Any]:
        try:
            with self._rpc() as rpc:
                yield rpc
        except (OSError, xmlrpc.client.Error, http.client.HTTPException) as error:
            raise TradeflowError(
                f"{what_failed}: {error}",
                remedy=f"The log: {self._folder.log_of('supervisor')}",
            ) from error

    def _answers(self) -> bool:
        return bool(self.states())

    @contextmanager
    def _rpc(self) -> Iterator[Any]:
        from supervisor.xmlrpc import SupervisorTransport  # type: ignore[import-untyped]

        with closing(SupervisorTransport(None, None, f"unix://{self._socket}")) as transport:
            # The address is not used, but there must be one.
            yield xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)


def _socket_path(folder: Path) -> Path:
    socket = folder / "supervisor.sock"
    if len(str(socket).encode()) <= _SOCKET_PATH_BYTES_MAX and "%" not in str(socket):
        return socket
    digest = blake2b(str(folder).encode(), digest_size=8).hexdigest()
    return Path(tempfile.gettempdir()) / f"tradeflow-{digest}.sock"
