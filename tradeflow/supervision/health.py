"""Asks workers how they are: /health/ready and /metrics."""

import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

_TIMEOUT_SECONDS = 2.0
# Workers are on this machine: a proxy of the environment has no part in it.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class WorkerAddress:
    """Where a worker answers."""

    stage: str
    slot: int
    host: str
    port: int

    @property
    def name(self) -> str:
        return f"{self.stage}-{self.slot}"

    @property
    def health(self) -> str:
        return f"http://{self.host}:{self.port}/health"

    @property
    def metrics(self) -> str:
        return f"http://{self.host}:{self.port}/metrics"


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of the workers' counters."""

    ready: int = 0
    rounds: int = 0
    commands: int = 0
    waiting: int = 0
    dead_letters: int = 0


def is_ready(address: WorkerAddress) -> bool:
    """Whether the worker has its partitions and their rows."""
    return _get(f"{address.health}/ready") is not None


def totals(addresses: Iterable[WorkerAddress], *, commands_topic: str) -> Totals:
    """What the workers count, added up; who does not answer adds nothing."""
    sums = {"ready": 0.0, "rounds": 0.0, "commands": 0.0, "waiting": 0.0, "dead_letters": 0.0}
    for address in addresses:
        for name, value in _counters(_get(address.metrics) or "", commands_topic):
            sums[name] += value
    return Totals(**{name: int(value) for name, value in sums.items()})


_NAMES = {
    "transport_ready": "ready",
    "transport_rounds_total": "rounds",
    "transport_records_in_total": "commands",
    "transport_lag_records": "waiting",
    "transport_dead_letters_total": "dead_letters",
}


def _counters(text: str, commands_topic: str) -> Iterable[tuple[str, float]]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            name = _NAMES.get(sample.name)
            if name is not None and sample.labels.get("topic", commands_topic) == commands_topic:
                yield name, sample.value


def _get(url: str) -> str | None:
    """The body of a successful answer."""
    try:
        with _opener.open(url, timeout=_TIMEOUT_SECONDS) as answer:
            body: bytes = answer.read()
            return body.decode()
    except (OSError, urllib.error.URLError, ValueError):
        return None
