"""A stream of candles tells of every window, those in which nothing was traded too."""

import json
from typing import Any

from schemas.instruments import load_instruments
from tests.simulation.reference_candles import candles
from web.binance.streams.kline_streams import KlineStream
from web.binance.streams.windows import Grid
from web.fanout.message import Message
from web.feed.hub import Hub
from web.feed.record import Received
from web.state.markets import SymbolMarket
from web.state.trades_time import TradesTime

_START = 1_760_000_000_000
_RULES = load_instruments()["BTCUSDT"]


class _Market:
    """A symbol whose records come one by one."""

    def __init__(self) -> None:
        self.symbol = SymbolMarket(_RULES, trades=10, candles=10)
        self.times = TradesTime()
        self._hub = Hub()
        self.times.listen(self._hub)
        self._count = 0

    def trade(self, after_ms: int) -> None:
        """Something is traded, and its candle is told."""
        self._count += 1
        trade = {
            "symbol": "BTCUSDT",
            "trade_id": self._count,
            "price_ticks": 6_000_000,
            "quantity_lots": 3,
            "quote_units": 18_000_000,
            "is_buyer_maker": True,
            "time_ms": _START + after_ms,
        }
        self._tell("Trade", trade)
        for candle in candles([trade], "1s"):
            self.symbol.candle_series("1s").put({**candle, "is_closed": False})

    def close(self) -> None:
        """The newest candle is over."""
        series = self.symbol.candle_series("1s")
        series.put({**(series.newest() or {}), "is_closed": True})

    def tick(self, after_ms: int) -> None:
        """The clock goes on."""
        self._tell("Tick", {"time_ms": _START + after_ms, "sequence": 1})

    def _tell(self, name: str, record: dict[str, Any]) -> None:
        self._hub.publish([Received("trades", 0, 0, b"", name, record, {})])


def _windows(messages: Any) -> list[tuple[int, int, bool]]:
    klines = [json.loads(each.encoded(0))["k"] for each in messages if isinstance(each, Message)]
    return [((each["t"] - _START) // 1_000, each["n"], each["x"]) for each in klines]


def test_an_empty_window_that_was_told_open_is_told_closed() -> None:
    market = _Market()
    stream = KlineStream("k", market.symbol, market.times, Grid("1s"), period_ms=1_000)
    stream.begin()
    market.trade(100)
    assert _windows(stream.tick()) == [(0, 1, False)]
    market.close()
    market.tick(1_500)
    assert _windows(stream.tick()) == [(0, 1, True), (1, 0, False)]

    market.trade(2_100)

    assert _windows(stream.tick()) == [(1, 0, True), (2, 1, False)]
