"""Events to write, made once."""

import time

import pytest

from bench.flow import bench_instruments
from bench.market_events import MarketEvents
from connectors.event import Event
from schemas.instruments import Instrument


@pytest.fixture(scope="session")
def instruments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Instrument]:
    """Eight symbols."""
    return bench_instruments(tmp_path_factory.mktemp("instruments"))


@pytest.fixture(scope="session")
def events(instruments: dict[str, Instrument]) -> list[Event]:
    """Some 15 seconds of eight markets, in the order of each partition; logged just now."""
    now_ms = time.time_ns() // 1_000_000
    return MarketEvents(instruments, logged_ms=now_ms, resting=800).take(10_000)
