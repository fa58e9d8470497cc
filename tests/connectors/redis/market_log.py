"""The log of a made exchange's markets, to be written to the topics."""

import time
from pathlib import Path

from bench.market_events import MarketEvents
from schemas.codec import encode
from schemas.instruments import load_instruments
from tests.connectors.feeding import Written
from tests.tradeflow.checking.made_exchange import PARTITIONS


def market_records(instruments: Path, commands: int) -> list[Written]:
    """Trades, tickers, candles, books and sagas of so many commands; logged just now."""
    now_ms = time.time_ns() // 1_000_000
    market = MarketEvents(load_instruments(instruments), logged_ms=now_ms, resting=800)
    return [
        # All of a symbol stays together.
        (place.topic, place.partition % PARTITIONS, event.key, encode(event.name, event.record))
        for event in market.take(commands)
        for place in [event.place]
    ]
