"""The two ports of a broker."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tradeflow.broker.settings import BrokerSettings
from tradeflow.embedded.ports import choose_port


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
    clients = _choose(settings, "port", last.clients if last else None)
    controller = _choose(settings, "controller_port", last.controller if last else None)
    chosen = Ports(clients=clients, controller=controller)
    remembered.write_text(json.dumps(asdict(chosen)))
    return chosen


def _read(remembered: Path) -> Ports | None:
    try:
        return Ports(**json.loads(remembered.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _choose(settings: BrokerSettings, name: str, preferred: int | None) -> int:
    return choose_port(
        settings.host,
        getattr(settings, name),
        preferred=preferred,
        host_setting=settings.variable("host"),
        port_setting=settings.variable(name),
    )
