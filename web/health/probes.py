"""Who asks each dependency how it is; whoever needs one adds a probe of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_PROBE_SECONDS = 1.0
_FRESH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Condition:
    """How a dependency is; ``said`` is what else there is to say, as JSON."""

    is_up: bool
    said: Mapping[str, Any] = field(default_factory=dict)


Probe = Callable[[], Awaitable[Condition]]
"""Whatever it raises, and whatever takes longer than a second, is down."""


class Probes:
    """All dependencies of a gateway."""

    def __init__(self) -> None:
        self._probes: dict[str, tuple[Probe, bool]] = {}
        self._answers: dict[str, Condition] = {}
        self._asking: asyncio.Task[None] | None = None
        self._asked = float("-inf")

    def add(self, name: str, probe: Probe, *, is_needed: bool = True) -> None:
        """Ask this too; ``is_needed``: without it the gateway is not ready."""
        self._probes[name] = probe, is_needed

    async def ask(self) -> None:
        """Have answers that are not older than a second; many who ask at once ask once."""
        if self._asking is None or self._asking.done():
            if time.monotonic() - self._asked < _FRESH_SECONDS:
                return
            self._asking = asyncio.create_task(self._ask_all())
        await asyncio.shield(self._asking)

    @property
    def is_ready(self) -> bool:
        """Whether everything that is needed was up when it was asked."""
        return all(
            name in self._answers and self._answers[name].is_up
            for name, (_, is_needed) in self._probes.items()
            if is_needed
        )

    def as_json(self) -> dict[str, Any]:
        """Each dependency by its name."""
        return {
            name: {
                "status": "up" if answer.is_up else "down",
                "needed": self._probes[name][1],
                **answer.said,
            }
            for name, answer in self._answers.items()
        }

    async def _ask_all(self) -> None:
        names = list(self._probes)
        answers = await asyncio.gather(*(_ask(self._probes[name][0]) for name in names))
        self._answers = dict(zip(names, answers, strict=True))
        self._asked = time.monotonic()


async def _ask(probe: Probe) -> Condition:
    started = time.perf_counter()
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            condition = await probe()
    except TimeoutError:
        return Condition(False, {"error": f"no answer within {_PROBE_SECONDS:g} s"})
    except Exception as error:
        return Condition(False, {"error": str(error) or type(error).__name__})
    latency_ms = round((time.perf_counter() - started) * 1_000, 1)
    return Condition(condition.is_up, {"latency_ms": latency_ms, **condition.said})
