"""A real Apache Kafka on this machine: one process that is broker and controller (KRaft)."""

import fcntl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from tradeflow.broker import runtime
from tradeflow.broker.last_words import java_refusal, reason_to_fail
from tradeflow.broker.ports import choose_ports
from tradeflow.broker.probe import Probe
from tradeflow.broker.server_properties import server_properties
from tradeflow.broker.settings import BrokerSettings
from tradeflow.broker.storage import cluster_id_of, ensure_formatted
from tradeflow.errors import TradeflowError
from tradeflow.recorded_process import RecordedProcess

# Serial: on two cores no difference to G1 shows in start, throughput or commit latency, and the
# process is 35 MB smaller.
_JVM_FLAGS = (
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    # Kafka unmaps its files in a way that Java 25 warns about.
    "--sun-misc-unsafe-memory-access=allow",
)

_PROBE_SECONDS = 0.5


class EmbeddedBroker:
    """One broker and its data folder; found again by whoever uses the same folder."""

    def __init__(self, settings: BrokerSettings | None = None) -> None:
        self.settings = settings or BrokerSettings()
        self._home = self.settings.data_dir.absolute()
        self._process = RecordedProcess(self._home / "broker.pid")
        self._address = self._home / "broker.address"
        self._config = self._home / "server.properties"
        self._log_dir = self._home / "log"
        # Kept so that a process which this one started is reaped when it ends.
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def data_dir(self) -> Path:
        """The folder with the data, the settings and the broker's own log."""
        return self._home

    @property
    def server_log(self) -> Path:
        """The broker's own log."""
        return self._home / "server.log"

    @property
    def bootstrap(self) -> str:
        """The running broker's address, host:port; it stays the same when it starts again."""
        try:
            return self._address.read_text().strip()
        except OSError as error:
            raise TradeflowError(
                f"The broker in {self._home} was never started.",
                remedy="Start it with: tradeflow broker start",
            ) from error

    @property
    def pid(self) -> int | None:
        """The broker's process id, None when it does not run."""
        self._reap()
        process = self._process.find()
        return None if process is None else process.pid

    def is_running(self) -> bool:
        """Whether the process lives; one that just starts may not answer yet."""
        return self.pid is not None

    def start(self) -> None:
        """Start the broker and return when it answers; one that runs already is left alone.

        Raises TradeflowError when that cannot be; it says what to change.
        """
        self._prepare_home()
        with self._only_one_starts():
            if self.is_running():
                self._wait_until_it_answers()
                return
            self._configure()
            try:
                self._launch()
                self._wait_until_it_answers()
            except (TradeflowError, KeyboardInterrupt):
                self.stop()
                raise

    def stop(self, on_kill: Callable[[], None] = lambda: None) -> None:
        """Stop the broker cleanly; `on_kill` is called if it has to be killed in the end."""
        self._process.terminate(timeout_seconds=self.settings.stop_timeout_seconds, on_kill=on_kill)
        self._reap()

    def kill(self) -> None:
        """End the broker as a crash would (SIGKILL); its data and pid file stay as they are."""
        self._process.kill()
        self._reap()

    def _prepare_home(self) -> None:
        probe = self._home / "start.lock"
        try:
            self._home.mkdir(parents=True, exist_ok=True)
            probe.touch()
        except OSError as error:
            raise TradeflowError(
                f"The broker cannot write to its folder {self._home}: {error.strerror}.",
                remedy="Set TRADEFLOW_BROKER_DATA_DIR to a folder that it can write to.",
            ) from error

    @contextmanager
    def _only_one_starts(self) -> Iterator[None]:
        with (self._home / "start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _java_command(self) -> list[str]:
        log_settings = self._home / "log4j2.properties"
        log_settings.write_text(files("tradeflow.broker").joinpath("log4j2.properties").read_text())
        heap = self.settings.heap
        return [
            str(runtime.java()),
            f"-Xms{heap}",
            f"-Xmx{heap}",
            *_JVM_FLAGS,
            *self.settings.java_options.split(),
            f"-Dlog4j2.configurationFile={log_settings.as_uri()}",
            f"-Dtradeflow.log.dir={self._home}",
            "-cp",
            ":".join(str(jar) for jar in runtime.kafka_jars()),
        ]

    def _configure(self) -> None:
        ports = choose_ports(self.settings, remembered=self._home / "ports.json")
        host = self.settings.host
        self._config.write_text(
            server_properties(
                host=host,
                port=ports.clients,
                controller_port=ports.controller,
                log_dir=self._log_dir,
                verify_transactions=self.settings.verify_transactions,
            )
        )
        self._address.write_text(f"{host}:{ports.clients}\n")

    def _launch(self) -> None:
        java_command = self._java_command()
        ensure_formatted(self._log_dir, java_command=java_command)
        # What an earlier run said would be taken for this one's reason to fail.
        self.server_log.unlink(missing_ok=True)
        with self._console_log.open("wb") as console:
            self._child = subprocess.Popen(
                [*java_command, "kafka.Kafka", str(self._config)],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal is for the command, not for the broker behind it.
                start_new_session=True,
            )
        self._process.record(self._child.pid)

    def _wait_until_it_answers(self) -> None:
        # Another program's broker on this port would answer as well, with another id.
        cluster_id = cluster_id_of(self._log_dir)
        probe = Probe(self.bootstrap)
        deadline = time.monotonic() + self.settings.start_timeout_seconds
        while probe.cluster_id(timeout_seconds=_PROBE_SECONDS) != cluster_id:
            if not self.is_running():
                said = self._said()
                raise java_refusal(said) or TradeflowError(
                    f"The broker ended while it started: {reason_to_fail(said)}",
                    remedy=f"Its log: {self.server_log}",
                )
            if time.monotonic() > deadline:
                raise TradeflowError(
                    f"The broker did not answer at {self.bootstrap} within"
                    f" {self.settings.start_timeout_seconds:.0f} s.",
                    remedy=f"Its log: {self.server_log}. If the machine is only slow, set"
                    " TRADEFLOW_BROKER_START_TIMEOUT_SECONDS.",
                )

    def _said(self) -> str:
        logs = (self.server_log, self._console_log)
        return "\n".join(log.read_text(errors="replace") for log in logs if log.exists())

    @property
    def _console_log(self) -> Path:
        return self._home / "console.log"

    def _reap(self) -> None:
        if self._child is not None and self._child.poll() is not None:
            self._child = None
