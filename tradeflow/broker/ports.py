"""Free ports, and a clear word about taken ones."""

import errno
import json
import random
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

from tradeflow.broker.settings import BrokerSettings
from tradeflow.errors import TradeflowError

# Below the range from which the system takes ports for outgoing connections: a client that
# tries again and again to reach a stopped broker there could be given the broker's own port.
_FREE_PORTS = range(20_000, 32_000)
_TRIES = 100


@dataclass(frozen=True, slots=True)
class Ports:
    """The two ports that one broker listens on."""

    clients: int
    controller: int


def choose_ports(settings: BrokerSettings, *, remembered: Path) -> Ports:
    """The ports to listen on: the settings', else those of last time, else free ones.

    The choice is kept in the file `remembered`, so that a broker on a free port keeps its
    address when it starts again. Raises TradeflowError when a port of the settings is taken.
    """
    last = _read(remembered)
    clients = settings.port or free_port(settings.host, preferred=last.clients if last else None)
    if settings.port:
        _require_free_for_broker(settings.host, settings.port, setting="PORT")
    controller = settings.controller_port or free_port(
        settings.host, preferred=last.controller if last else None
    )
    if settings.controller_port:
        _require_free_for_broker(settings.host, settings.controller_port, setting="CONTROLLER_PORT")
    chosen = Ports(clients=clients, controller=controller)
    remembered.write_text(json.dumps(asdict(chosen)))
    return chosen


def _read(remembered: Path) -> Ports | None:
    try:
        return Ports(**json.loads(remembered.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def free_port(host: str, *, preferred: int | None = None) -> int:
    """A port that nobody listens on, `preferred` if that is one."""
    candidates = random.sample(_FREE_PORTS, _TRIES)
    for port in [preferred, *candidates] if preferred else candidates:
        if _problem(host, port) is None:
            return port
    raise TradeflowError(
        f"No free port was found on {host}.",
        remedy="Set TRADEFLOW_BROKER_HOST to an address of this machine.",
    )


def _require_free_for_broker(host: str, port: int, *, setting: str) -> None:
    prefix = "TRADEFLOW_BROKER_"
    require_free(host, port, host_setting=f"{prefix}HOST", port_setting=prefix + setting)


def require_free(host: str, port: int, *, host_setting: str, port_setting: str) -> None:
    """Raise TradeflowError, with the settings to change, unless one can listen there."""
    problem = _problem(host, port)
    if problem is None:
        return
    if problem.errno == errno.EADDRINUSE:
        raise TradeflowError(
            f"Port {port} on {host} is taken by another program.",
            remedy=f"Set {port_setting} to another port, or to 0 for any free one.",
        )
    raise TradeflowError(
        f"This machine cannot listen on {host}:{port}: {problem.strerror}.",
        remedy=f"Change {host_setting} or {port_setting}.",
    )


def _problem(host: str, port: int) -> OSError | None:
    with socket.socket() as probe:
        # As Java does it: connections that are just closing do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as error:
            return error
    return None
