"""``/health``, ``/health/ready`` and ``/metrics`` of a connector."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from connectors.errors import ConfigError
from connectors.health import Health


class ConnectorWeb:
    """A small HTTP server on a thread of its own: it answers while the store hangs, too."""

    def __init__(self, host: str, port: int, health: Health, registry: CollectorRegistry) -> None:
        """Listen; port 0 takes a free one (see ``port``).

        Raises:
            ConfigError: the port is taken, or the host is not this machine's.
        """

        class Handler(_Handler):
            shown_health = health
            shown_registry = registry

        try:
            self._server = ThreadingHTTPServer((host, port), Handler)
        except OSError as exc:
            raise ConfigError(
                f"cannot listen on {host}:{port}: {exc.strerror or exc}; change "
                "TRADEFLOW_CONNECT_WEB_HOST or TRADEFLOW_CONNECT_WEB_PORT (0: any free port)"
            ) from exc
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    shown_health: Health
    shown_registry: CollectorRegistry

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path in ("/health", "/health/ready"):
            health = self.shown_health
            is_well = health.is_live if path == "/health" else health.is_ready
            body = json.dumps(health.as_json()).encode()
            self._answer(200 if is_well else 503, "application/json", body)
        elif path == "/metrics":
            self._answer(200, CONTENT_TYPE_LATEST, generate_latest(self.shown_registry))
        else:
            self._answer(404, "text/plain", b"there is /health, /health/ready and /metrics\n")

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Requests of a monitor are no news."""
