"""How far the time of a symbol's trades has come."""

from typing import Any

from schemas.topics import CANDLES, TRADES
from web.feed.hub import Hub
from web.feed.record import Received
from web.state.trades_time import TradesTime


def _received(topic: str, partition: int, name: str, **record: Any) -> Received:
    return Received(topic, partition, 0, b"", name, record, {})


def test_a_trade_moves_its_symbol_and_a_tick_all_of_its_partition() -> None:
    hub, times = Hub(), TradesTime()
    times.listen(hub)

    hub.publish(
        [
            _received(TRADES.name, 1, "Trade", symbol="A", time_ms=50),
            _received(CANDLES.name, 1, "Candle", symbol="B"),
            _received(TRADES.name, 2, "Trade", symbol="C", time_ms=10),
            _received(TRADES.name, 1, "Tick", time_ms=40),
        ]
    )

    assert [times.at(symbol) for symbol in "ABCD"] == [50, 40, 10, 0]
    assert [times.last_trade(symbol) for symbol in "ABCD"] == [50, 0, 10, 0]


def test_time_does_not_go_back() -> None:
    hub, times = Hub(), TradesTime()
    times.listen(hub)

    hub.publish(
        [
            _received(TRADES.name, 1, "Trade", symbol="A", time_ms=5),
            _received(TRADES.name, 1, "Tick", time_ms=40),
            _received(TRADES.name, 1, "Tick", time_ms=30),
        ]
    )

    assert times.at("A") == 40
