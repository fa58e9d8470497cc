"""Market data is told once, whatever is killed; what is no trade is a dead letter."""

import os
from collections.abc import Iterator
from random import Random

import pytest

from schemas.codec import decode, encode
from schemas.topics import MARKETDATA_DEAD_LETTERS, ORDERBOOK_UPDATES, TRADES
from tests.chaos.exchange import await_condition, read_all
from tests.chaos.market_pipeline import MarketPipeline
from tests.simulation.reference_candles import some_trades

pytestmark = pytest.mark.slow
KILLS = int(os.environ.get("TRADEFLOW_KILLS", "3"))


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MarketPipeline]:
    made = MarketPipeline(tmp_path_factory.mktemp("market"), seed=5)
    made.start_worker().await_said("ready with")
    yield made
    made.close()


@pytest.mark.timeout(120 + 10 * KILLS)
def test_killed_at_random_moments_it_tells_everything_once(pipeline: MarketPipeline) -> None:
    rng = Random(11)
    for _ in range(KILLS):
        pipeline.feed(rng.randint(200, 800))
        if rng.random() < 0.5:
            # Somewhere in the work, not always at its beginning.
            await_condition(lambda: rng.random() < 0.2 or pipeline.is_done(), "a moment")
        assert pipeline.worker is not None
        pipeline.worker.kill()
        pipeline.feed(rng.randint(50, 300))
        pipeline.start_worker().await_said("ready with")

    pipeline.verify()


def test_bad_records_are_dead_letters_and_the_neighbours_are_counted(
    pipeline: MarketPipeline,
) -> None:
    (trade,) = some_trades(1, 1, first_ms=1_700_000_000_000, steps_ms=(0,))
    update = {
        "symbol": "BTCUSDT", "first_update_id": 1, "last_update_id": 1,
        "bids": [], "asks": [], "command_id": "c", "time_ms": 1,
    }  # fmt: skip
    bad = [
        (TRADES.name, "BTCUSDT", b"\x07garbage", "BAD_MAGIC"),
        (TRADES.name, "BTCUSDT", encode("DepthUpdate", update), "UNEXPECTED_RECORD"),
        (TRADES.name, "ETHUSDT", encode("Trade", trade), "KEY_MISMATCH"),
        (TRADES.name, None, encode("Trade", trade), "MISSING_KEY"),
        (TRADES.name, "BTCUSDT", encode("Trade", trade | {"price_ticks": 0}), "IMPOSSIBLE_VALUE"),
        (TRADES.name, "BTCUSDT", encode("Trade", trade | {"time_ms": 1 << 50}), "IMPOSSIBLE_VALUE"),
        (TRADES.name, "NOCOIN", encode("Trade", trade | {"symbol": "NOCOIN"}), "UNKNOWN_SYMBOL"),
        (ORDERBOOK_UPDATES.name, "BTCUSDT", encode("Trade", trade), "UNEXPECTED_RECORD"),
        (ORDERBOOK_UPDATES.name, "ETHUSDT", encode("DepthUpdate", update), "KEY_MISMATCH"),
    ]
    for topic, key, value, _ in bad:
        pipeline.send(topic, key, value)
        pipeline.feed(5)

    pipeline.verify()

    letters = [
        decode(m.value())[1]
        for m in read_all(pipeline.broker.bootstrap, MARKETDATA_DEAD_LETTERS.name)
    ]
    assert sorted(letter["reason"] for letter in letters) == sorted(reason for *_, reason in bad)
