"""A recording in a backtest without a strategy: the book and the trades of a replay."""

import gzip
import json
import os
from itertools import islice
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.domain.market import Market
from streams.domain.outcome import Outcome
from tests.simulation.instruments import an_instrument
from tests.tradeflow.replay.synthetic import SyntheticMarket, write_recording
from tradeflow.backtest.exchange import Exchange
from tradeflow.backtest.funding import Funds
from tradeflow.backtest.recorded_flow import RecordedFlow
from tradeflow.cli import app
from tradeflow.replay.opening import open_recording
from tradeflow.replay.order_flow import HOUSE, OrderFlow

_RULES = an_instrument("LTCUSDT", tick_size="0.01", lot_size="0.001", max_price_ticks=10**6)
_FOLDER = Path(
    os.environ.get("TRADEFLOW_SHARED_DATA") or Path(__file__).parents[4] / "shared" / "data"
)
_LINES = 4_000


@pytest.mark.parametrize("seed", range(3))
def test_makes_the_book_and_the_trades_of_a_replay(tmp_path: Path, seed: int) -> None:
    path = write_recording(tmp_path / "ltc.txt", SyntheticMarket(seed), steps=60)
    trades: list[tuple[int, int, bool]] = []

    def hear(outcome: Outcome) -> None:
        flow.hear(outcome)
        trades.extend((t.price_ticks, t.quantity_lots, t.is_buyer_maker) for t in outcome.trades)

    exchange = Exchange({"LTCUSDT": _RULES}, on_outcome=hear)
    flow = RecordedFlow(_RULES, open_recording(path)[1])
    exchange.on_refusal = flow.hear_refusal
    funds = Funds(exchange)
    flow.begin(exchange, funds)
    for _, moment in flow.moments():
        flow.play(moment)

    market, replayed, replay = Market(_RULES), [], OrderFlow(_RULES, "r")
    for event in open_recording(path)[1]:
        for kind, command in replay.commands(event):
            outcome = market.apply(kind, command)
            replayed += [(t.price_ticks, t.quantity_lots, t.is_buyer_maker) for t in outcome.trades]
    assert exchange.markets["LTCUSDT"].depth() == market.depth()
    assert trades == replayed
    assert len(trades) > 20
    assert flow.counts()["commands refused"] == 0
    # Only commissions leave an account that trades with itself.
    for asset in ("BASE", "QUOTE"):
        assert 0 < funds.total(HOUSE, asset) <= funds.deposited[HOUSE, asset]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """The first lines of what Binance really sent."""
    found = sorted(_FOLDER.glob("binance-*-spot-*.gz"))
    if not found:
        pytest.skip("no recording: set TRADEFLOW_SHARED_DATA to a folder with one")
    shortened = tmp_path / "recording"
    with gzip.open(found[0]) as lines:
        shortened.write_bytes(b"".join(islice(lines, _LINES)))
    return shortened


@pytest.mark.parametrize("strategy", ["market_maker:MarketMaker", "moving_averages:MovingAverages"])
def test_what_binance_really_sent(recording: Path, strategy: str) -> None:
    arguments = [
        "backtest",
        str(recording),
        "--strategy",
        f"tradeflow.backtest.examples.{strategy}",
    ]

    first, second = (
        CliRunner().invoke(app, [*arguments, "--latency-in", "5", "--latency-out", "5", "--json"])
        for _ in range(2)
    )

    assert first.exit_code == 0, first.exception
    assert first.stdout == second.stdout
    found = json.loads(first.stdout)
    assert found["flow"]["commands refused"] == 0
    assert found["flow"]["recorded trades"] > 100
    assert found["result"]["fills"] > 0
