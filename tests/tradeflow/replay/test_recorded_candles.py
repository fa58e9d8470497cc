"""Candles of a real market's trades, against a plain loop over them."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from schemas.instruments import load_instruments
from streams.domain.candle_intervals import INTERVAL_NAMES
from tests.simulation.reference_candles import candles
from tests.streams.domain.test_candles import SYMBOL, Fed
from tests.tradeflow.replay.test_real_recording import recording
from tradeflow.replay.recorded_book import Grid
from tradeflow.replay.recording import RecordedTrade, read_recording

__all__ = ["recording"]
_GRACE_MS = 3_000


@pytest.fixture(scope="module")
def trades(recording: Path) -> list[dict[str, Any]]:
    """All trades of the recording, on the grid of the instrument."""
    rules = load_instruments()[SYMBOL]
    grid = Grid(rules)
    found = []
    for event in read_recording(recording):
        if isinstance(event, RecordedTrade):
            ticks, lots = grid.price_ticks(event.price), grid.quantity_lots(event.quantity)
            found.append(
                {
                    "trade_id": event.trade_id,
                    "symbol": event.symbol,
                    "price_ticks": ticks,
                    "quantity_lots": lots,
                    "quote_units": ticks * lots * rules.quote_units_per_tick_lot,
                    "is_buyer_maker": event.is_buyer_maker,
                    "time_ms": event.time_ms,
                }
            )
    return sorted(found, key=lambda trade: trade["trade_id"])


def test_in_order(trades: list[dict[str, Any]]) -> None:
    fed = Fed().feed(trades).end()

    for interval in INTERVAL_NAMES:
        assert fed.closed(interval) == candles(trades, interval), interval
    assert len(fed.closed("1s")) > 300


def test_shuffled_within_the_grace_and_with_repeats(trades: list[dict[str, Any]]) -> None:
    rng = Random(1)
    repeats = rng.sample(trades, len(trades) // 10)
    sent = [(t["time_ms"] + rng.randrange(_GRACE_MS), rng.random(), t) for t in trades + repeats]

    fed = Fed(_GRACE_MS).feed(trade for *_, trade in sorted(sent, key=lambda one: one[:2])).end()

    for interval in INTERVAL_NAMES:
        assert fed.closed(interval) == candles(trades, interval), interval
    series = fed.data.symbols[SYMBOL].series
    assert (series.late_trades, series.repeated_trades) == (0, len(repeats))
