"""Asks the parts how they are: /health, /health/ready and /metrics."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

_TIMEOUT_SECONDS = 2.0
# Parts are on this machine: a proxy of the environment has no part in it.
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
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def health(self) -> str:
        return f"http://{self.address}/health"

    @property
    def metrics(self) -> str:
        return f"http://{self.address}/metrics"


@dataclass(frozen=True, slots=True)
class WorkerCounts:
    """What a worker says of itself."""

    is_ready: bool = False
    rounds: int = 0
    commands: int = 0
    """Records of matching's input."""
    waiting: int = 0
    """Of these, those that are still to come."""
    lag: int = 0
    """Records of all its inputs that are still to come."""
    dead_letters: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of the workers' counters."""

    ready: int = 0
    rounds: int = 0
    commands: int = 0
    waiting: int = 0
    dead_letters: int = 0


def is_ready(url: str) -> bool:
    """Whether the part at this URL can do its work."""
    return ask(f"{url}/health/ready") is not None


def worker_counts(metrics_url: str, *, commands_topic: str) -> WorkerCounts | None:
    """What a worker counts; None: it does not answer."""
    text = ask(metrics_url)
    if text is None:
        return None
    sums = dict.fromkeys(_NAMES.values(), 0.0)
    lag = 0.0
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "transport_lag_records":
                lag += sample.value
            name = _NAMES.get(sample.name)
            if name is not None and sample.labels.get("topic", commands_topic) == commands_topic:
                sums[name] += sample.value
    return WorkerCounts(
        is_ready=bool(sums.pop("ready")),
        lag=int(lag),
        **{name: int(value) for name, value in sums.items()},
    )


def totals(counts: Iterable[WorkerCounts | None]) -> Totals:
    """What the workers count, added up; who does not answer adds nothing."""
    known = [each for each in counts if each is not None]
    return Totals(
        ready=sum(each.is_ready for each in known),
        rounds=sum(each.rounds for each in known),
        commands=sum(each.commands for each in known),
        waiting=sum(each.waiting for each in known),
        dead_letters=sum(each.dead_letters for each in known),
    )


_NAMES = {
    "transport_ready": "ready",
    "transport_rounds_total": "rounds",
    "transport_records_in_total": "commands",
    "transport_lag_records": "waiting",
    "transport_dead_letters_total": "dead_letters",
}


def ask(url: str) -> str | None:
    """The body of a successful answer."""
    try:
        with _opener.open(url, timeout=_TIMEOUT_SECONDS) as answer:
            body: bytes = answer.read()
            return body.decode()
    except (OSError, urllib.error.URLError, ValueError):
        return None


def ask_health(url: str) -> dict[str, Any] | None:
    """What /health says, of one that is not well too; None: nothing."""
    try:
        with _opener.open(url, timeout=_TIMEOUT_SECONDS) as answer:
            said = answer.read()
    except urllib.error.HTTPError as error:
        said = error.read()
    except (OSError, urllib.error.URLError, ValueError):
        return None
    try:
        health = json.loads(said)
    except ValueError:
        return None
    return health if isinstance(health, dict) else None
