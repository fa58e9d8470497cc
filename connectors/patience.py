"""Calls of a sink that are made again until the store takes them."""

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from pybreaker import CircuitBreaker, CircuitBreakerError, CircuitBreakerListener
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from connectors.health import Health
from connectors.metrics import Metrics
from connectors.settings import ConnectorSettings
from connectors.sink import FencedError, RefusedError, Sink, StoreDownError

log = logging.getLogger(__name__)

T = TypeVar("T")

_FIRST_PAUSE_SECONDS = 0.1


class _Shown(CircuitBreakerListener):
    def __init__(self, metrics: Metrics, health: Health) -> None:
        self._metrics = metrics
        self._health = health

    def state_change(self, cb: CircuitBreaker, old_state: Any, new_state: Any) -> None:
        name: str = new_state.name
        self._metrics.breaker(name)
        self._health.breaker = name
        # A store that is away for hours is tried every few seconds: that is no news.
        is_news = name == "closed" or (old_state is not None and old_state.name == "closed")
        level = logging.INFO if is_news else logging.DEBUG
        log.log(level, "%s: the circuit breaker is %s", cb.name, name)


class Patience:
    """A sink behind retries with back-off and a circuit breaker.

    ``idle`` waits between two tries; what it raises ends the call.
    """

    def __init__(
        self,
        sink: Sink,
        settings: ConnectorSettings,
        metrics: Metrics,
        health: Health,
        idle: Callable[[float], None],
    ) -> None:
        self._sink = sink
        self._metrics = metrics
        self._health = health
        self._is_connected = False
        self._said: set[str] = set()
        self._breaker = CircuitBreaker(
            fail_max=settings.breaker_failures,
            reset_timeout=settings.breaker_reset_seconds,
            # The answers of a store that works.
            exclude=[FencedError, RefusedError],
            listeners=[_Shown(metrics, health)],
            name=sink.name,
            throw_new_error_on_trip=False,
        )
        self._retrying = Retrying(
            retry=retry_if_exception_type((StoreDownError, CircuitBreakerError)),
            wait=wait_random_exponential(_FIRST_PAUSE_SECONDS, max=settings.retry_max_seconds),
            sleep=idle,
            before_sleep=self._before_sleep,
            reraise=True,
        )
        metrics.breaker("closed")

    def call(self, ask: Callable[[Sink], T]) -> T:
        """What the sink answers, once the store is there.

        Raises:
            FencedError, RefusedError: as the sink does.
        """
        answer: T = self._retrying.copy()(lambda: self._breaker.call(self._try, ask))
        return answer

    def close(self) -> None:
        """Give the connections up."""
        self._sink.close()

    def _try(self, ask: Callable[[Sink], T]) -> T:
        try:
            if not self._is_connected:
                self._sink.connect()
                self._is_connected = True
            answer = ask(self._sink)
        except StoreDownError as exc:
            self._is_connected = False
            self._note_down(str(exc))
            raise
        except (FencedError, RefusedError):
            self._note_up()
            raise
        self._note_up()
        return answer

    def _note_down(self, why: str) -> None:
        self._metrics.errors.inc()
        # One line for each reason, not one for each try, also where reasons take turns.
        if why not in self._said:
            self._said.add(why)
            log.error("%s: %s. It is tried again; nothing is lost", self._sink.name, why)
        self._health.store, self._health.store_error = "down", why
        if self._health.down_since is None:
            self._health.down_since = time.monotonic()

    def _note_up(self) -> None:
        if self._health.down_since is not None:
            away = self._health.down_seconds
            log.info("%s: the store is back after %.1f s", self._sink.name, away)
            self._health.down_since = None
            self._said.clear()
        self._health.store, self._health.store_error = "up", ""

    def _before_sleep(self, _state: RetryCallState) -> None:
        self._metrics.retries.inc()
