"""Exactly-once rounds for Faust, on confluent-kafka.

A Faust transport of its own: broker URLs ``kafka-eos://host:port``.  See README.md.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from streams.transport.app import App
    from streams.transport.batch import Batch
    from streams.transport.config import TransportSettings
    from streams.transport.dead_letters import DeadLetter
    from streams.transport.driver import Transport
    from streams.transport.errors import ExitCode
    from streams.transport.table import Rows, Table
    from streams.transport.topics import TopicSpec
    from streams.transport.worker import run

__all__ = [
    "App",
    "Batch",
    "DeadLetter",
    "ExitCode",
    "Rows",
    "Table",
    "TopicSpec",
    "Transport",
    "TransportSettings",
    "run",
]

_MODULES = {
    "App": "app",
    "Batch": "batch",
    "DeadLetter": "dead_letters",
    "ExitCode": "errors",
    "Rows": "table",
    "Table": "table",
    "TopicSpec": "topics",
    "Transport": "driver",
    "TransportSettings": "config",
    "run": "worker",
}


def __getattr__(name: str) -> Any:
    # Loaded when it is asked for: whoever wants the headers' names needs no Faust, which takes half
    # of the time in which a command line starts.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
