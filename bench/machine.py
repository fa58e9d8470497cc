"""The machine and the versions that figures belong to."""

import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from tradeflow import compiled_core
from tradeflow.broker.settings import KAFKA_VERSION

_PACKAGES = ("tradeflow", "confluent-kafka", "faust-streaming", "aiokafka", "fastavro")


def machine() -> dict[str, str | int | float]:
    """Cores, processor, memory, kernel, Python, date and versions."""
    return {
        "cores": os.cpu_count() or 0,
        "processor": _processor(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
        "load_before": round(os.getloadavg()[0], 2),
        "matching_core": compiled_core.in_words(),
        "kafka": KAFKA_VERSION,
        **_versions(_PACKAGES),
    }


class StolenTime:
    """How much of the cores other machines on the same host took, from here to the question.

    It is what a latency hangs on where there is any: at 20 % stolen the saga was seen to take four
    times as long as at 1 %.
    """

    def __init__(self) -> None:
        self._at_first = _stolen_and_all()

    def percent(self) -> float:
        """Of all cores' time; 0 on a machine that does not know it."""
        first, now = self._at_first, _stolen_and_all()
        return round(100 * (now[0] - first[0]) / max(now[1] - first[1], 1e-9), 1)


def _stolen_and_all() -> tuple[float, float]:
    times = psutil.cpu_times()
    # A guest's time is in its user's.
    counted = (seconds for name, seconds in times._asdict().items() if "guest" not in name)
    return getattr(times, "steal", 0.0), sum(counted)


def in_words(facts: dict[str, str | int | float]) -> str:
    """The same as one line."""
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in facts.items())


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def _versions(packages: Iterable[str]) -> dict[str, str]:
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "missing"
    return found
