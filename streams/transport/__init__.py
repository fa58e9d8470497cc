"""Exactly-once rounds for Faust, on confluent-kafka.

A Faust transport of its own: broker URLs ``kafka-eos://host:port``.  See README.md.
"""

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
