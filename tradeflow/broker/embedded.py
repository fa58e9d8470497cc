"""A real Apache Kafka on this machine: one process that is broker and controller (KRaft)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from tradeflow.broker import runtime
from tradeflow.broker.last_words import java_refusal, reason_to_fail
from tradeflow.broker.ports import Ports, choose_ports
from tradeflow.broker.probe import Probe
from tradeflow.broker.server_properties import server_properties
from tradeflow.broker.settings import BrokerSettings
from tradeflow.broker.storage import cluster_id_of, ensure_formatted
from tradeflow.embedded import EmbeddedServer
from tradeflow.errors import TradeflowError

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


class EmbeddedBroker(EmbeddedServer[BrokerSettings]):
    """One broker and its data folder; found again by whoever uses the same folder."""

    name = "broker"
    stem = "broker"
    start_command = "tradeflow broker start"

    def __init__(self, settings: BrokerSettings | None = None) -> None:
        super().__init__(settings or BrokerSettings())

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
        return self.address

    # ----------------------------------------------------------------------------------------------

    _ports: Ports
    """Chosen at each start."""

    @property
    def _log_dir(self) -> Path:
        return self._home / "log"

    @property
    def _console(self) -> Path:
        return self._home / "console.log"

    @property
    def _runs_in(self) -> None:
        # Java's options may name files.
        return None

    def _choose_port(self) -> int:
        self._ports = choose_ports(self.settings, remembered=self._home / "ports.json")
        return self._ports.clients

    def _command(self, port: int) -> list[str]:
        config = self._home / "server.properties"
        config.write_text(
            server_properties(
                host=self.settings.host,
                port=port,
                controller_port=self._ports.controller,
                log_dir=self._log_dir,
                verify_transactions=self.settings.verify_transactions,
            )
        )
        java_command = self._java_command()
        ensure_formatted(self._log_dir, java_command=java_command)
        return [*java_command, "kafka.Kafka", str(config)]

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

    @contextmanager
    def _probe(self) -> Iterator[Callable[[], bool]]:
        # Another program's broker on this port would answer as well, with another id.
        cluster_id = cluster_id_of(self._log_dir)
        probe = Probe(self.bootstrap)
        yield lambda: probe.cluster_id(timeout_seconds=_PROBE_SECONDS) == cluster_id

    def _ended(self) -> TradeflowError:
        return java_refusal(self._said()) or super()._ended()

    def _last_words(self) -> str:
        return reason_to_fail(self._said())

    def _said(self) -> str:
        logs = (self.server_log, self._console)
        return "\n".join(log.read_text(errors="replace") for log in logs if log.exists())
