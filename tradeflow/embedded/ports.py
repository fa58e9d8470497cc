"""Free ports, and a clear word about taken ones."""

import errno
import random
import socket

from tradeflow.errors import TradeflowError

# Below the range from which the system takes ports for outgoing connections: a client that
# tries again and again to reach a stopped broker there could be given the broker's own port.
_FREE_PORTS = range(20_000, 32_000)
_TRIES = 100


def free_port(host: str, *, preferred: int | None = None, host_setting: str = "the host") -> int:
    """A port that nobody listens on, `preferred` if that is one.

    Raises:
        TradeflowError: there is none; it names the setting to change.
    """
    candidates = random.sample(_FREE_PORTS, _TRIES)
    for port in [preferred, *candidates] if preferred else candidates:
        if _problem(host, port) is None:
            return port
    raise TradeflowError(
        f"No free port was found on {host}.",
        remedy=f"Set {host_setting} to an address of this machine.",
    )


def choose_port(
    host: str, port: int, *, preferred: int | None, host_setting: str, port_setting: str
) -> int:
    """The port to listen on: the settings', or a free one where that is 0.

    Raises:
        TradeflowError: one cannot listen there; it names the settings to change.
    """
    if not port:
        return free_port(host, preferred=preferred, host_setting=host_setting)
    problem = _problem(host, port)
    if problem is None:
        return port
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
