"""The same with what Binance really sent, where such a recording is at hand."""

import os
from itertools import islice
from pathlib import Path

import pytest

from schemas.instruments import load_instruments
from streams.domain.market import Market
from tradeflow.replay.open_rules import without_filters
from tradeflow.replay.order_flow import OrderFlow
from tradeflow.replay.recorded_book import Grid, RecordedBook
from tradeflow.replay.recording import (
    BestPrices,
    DepthDiff,
    DepthSnapshot,
    RecordedTrade,
    in_exchange_order,
    read_recording,
)

_FOLDER = Path(
    os.environ.get("TRADEFLOW_SHARED_DATA") or Path(__file__).parents[4] / "shared" / "data"
)
_LINES = 6_000


@pytest.fixture(scope="module")
def recording() -> Path:
    found = sorted(_FOLDER.glob("binance-*-spot-*.gz"))
    if not found:
        pytest.skip("no recording: set TRADEFLOW_SHARED_DATA to a folder with one")
    return found[0]


def test_the_book_has_the_best_prices_that_binance_sent_beside_it(recording: Path) -> None:
    instrument = load_instruments()["BTCUSDT"]
    grid = Grid(instrument)
    book = RecordedBook(grid)
    best: dict[int, BestPrices] = {}
    compared = 0

    for event in islice(read_recording(recording), _LINES):
        if isinstance(event, BestPrices):
            best[event.update_id] = event
        elif isinstance(event, DepthSnapshot | DepthDiff):
            book.apply(event)
        # The best prices at the very update that the diff ends with.
        if isinstance(event, DepthDiff) and book.is_complete and event.last_update_id in best:
            sent = best[event.last_update_id]
            prices = grid.price_ticks(sent.bid[0]), grid.price_ticks(sent.ask[0])
            assert book.best_prices() == prices
            compared += 1

    assert compared > 20


def test_the_engines_book_follows_the_recorded_one(recording: Path, tmp_path: Path) -> None:
    rules = tmp_path / "instruments.json"
    rules.write_text(without_filters("BTCUSDT", None))
    instrument = load_instruments(rules)["BTCUSDT"]
    flow, market = OrderFlow(instrument, "r"), Market(instrument)
    trade_lots = 0

    for event in in_exchange_order(islice(read_recording(recording), _LINES)):
        for kind, command in flow.commands(event):
            outcome = market.apply(kind, command)
            trade_lots += sum(trade.quantity_lots for trade in outcome.trades)
        if not isinstance(event, RecordedTrade) and flow.recorded.is_complete:
            bids, asks = market.depth(1)
            assert (bids[0][0], asks[0][0]) == flow.recorded.best_prices()

    assert trade_lots == flow.trade_lots > 0
    assert not flow.not_sent
    # Only levels that were traded at after the last diff may differ: nobody knows of them yet.
    bids, asks = market.depth()
    different = set(bids) ^ set(flow.recorded.levels("BUY"))
    different |= set(asks) ^ set(flow.recorded.levels("SELL"))
    assert len({price for price, _ in different}) <= flow.touched_levels
