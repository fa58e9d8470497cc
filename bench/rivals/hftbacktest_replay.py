"""hftbacktest over recorded levels and trades, in an environment of its own (.venv-hftbacktest).

It replays what became of a book: it matches none of the recorded orders, pays for nothing, and a
strategy's orders change nothing in the book.  Its engine is Rust and its loop is compiled by numba.
"""

import sys
import time

import numpy as np
from hftbacktest import (  # type: ignore[import-not-found]
    BacktestAsset,
    HashMapMarketDepthBacktest,
)
from hftbacktest.types import event_dtype  # type: ignore[import-not-found]
from numba import njit  # type: ignore[import-not-found]

_STEP_NS = 1_000_000


@njit
def play(backtest):  # type: ignore[no-untyped-def]
    """Let all of the record pass, a millisecond a step, without an order."""
    steps = 0
    while backtest.elapse(_STEP_NS) == 0:
        steps += 1
    return steps


def seconds_for(feed: object, tick: float, lot: float) -> float:
    """How long one run over the feed takes, its set-up left out."""
    asset = (
        BacktestAsset()
        .data(feed)
        .linear_asset(1.0)
        .constant_order_latency(0, 0)
        .risk_adverse_queue_model()
        .no_partial_fill_exchange()
        .trading_value_fee_model(0.001, 0.001)
        .tick_size(tick)
        .lot_size(lot)
    )
    backtest = HashMapMarketDepthBacktest([asset])
    started = time.thread_time()
    play(backtest)
    seconds = time.thread_time() - started
    backtest.close()
    return seconds


def main() -> None:
    """Print the seconds of one run; the one before it compiles."""
    path, tick, lot = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    feed = np.fromfile(path, dtype=event_dtype)
    seconds_for(feed, tick, lot)
    print(seconds_for(feed, tick, lot))


if __name__ == "__main__":
    main()
