"""A connector as a process: signals, web server, exit code."""

import logging
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

from connectors.errors import ConnectorError, ExitCode
from connectors.health import Health
from connectors.metrics import Metrics
from connectors.runner import Runner
from connectors.settings import ConnectorSettings
from connectors.sink import Sink
from connectors.web import ConnectorWeb

log = logging.getLogger(__name__)

_STOP_SECONDS = 4.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class ConnectorProcess:
    """Runs a sink's runner on a thread, so that signals are heard while the store hangs."""

    def __init__(
        self,
        sink: Sink,
        settings: ConnectorSettings,
        watch: Callable[[Runner], None] = lambda runner: None,
    ) -> None:
        self.stop = threading.Event()
        self._settings = settings
        self._health = Health(sink.name)
        self._metrics = Metrics(sink.name)
        self._fault: BaseException | None = None
        self._runner = Runner(
            sink,
            settings,
            stop=self.stop,
            metrics=self._metrics,
            health=self._health,
            watch=watch,
        )

    def run(self, *, clear: bool = False) -> ExitCode:
        """Until SIGTERM, SIGINT or ``stop``; for the main thread."""
        before = {number: signal.signal(number, self._on_signal) for number in _SIGNALS}
        try:
            return self._run(clear)
        except ConnectorError as exc:
            log.error("%s: %s", self._health.sink, exc)
            return exc.exit_code
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _run(self, clear: bool) -> ExitCode:
        web = self._listen()
        thread = threading.Thread(target=self._feed, args=(clear,), name="runner", daemon=True)
        thread.start()
        while thread.is_alive() and not self.stop.wait(0.2):
            pass
        thread.join(_STOP_SECONDS)
        if thread.is_alive():
            # A batch and its positions are one step for the store, so this is a crash at worst.
            log.warning("the store hangs; the connector ends without waiting for it")
            logging.shutdown()
            os._exit(ExitCode.CLEAN)
        if web is not None:
            web.close()
        return self._verdict()

    def _listen(self) -> ConnectorWeb | None:
        port = self._settings.web_port
        if port is None:
            return None
        host = self._settings.web_host
        web = ConnectorWeb(host, port, self._health, self._metrics.registry)
        log.info("health and metrics: http://%s:%d/health", host, web.port)
        return web

    def _feed(self, clear: bool) -> None:
        try:
            self._runner.run(clear=clear)
        except BaseException as exc:
            self._fault = exc

    def _verdict(self) -> ExitCode:
        if self._fault is None:
            log.info("%s: stopped", self._health.sink)
            return ExitCode.CLEAN
        if isinstance(self._fault, ConnectorError):
            raise self._fault
        log.error("a fault of the connector", exc_info=self._fault)
        return ExitCode.FAULT

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stop.set()
