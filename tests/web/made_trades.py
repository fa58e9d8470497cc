"""Trades of one market, and all that the exchange's log tells of them, in a plausible order."""

from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from schemas.instruments import Instrument
from streams.domain.market_data import SymbolData

Told = tuple[str, Mapping[str, Any]]
"""Name and record."""

STARTS_MS = 1_700_000_123_456
_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000

steps = st.one_of(
    st.integers(0, 3),
    st.sampled_from([_SECOND, _MINUTE, 17 * _MINUTE, _HOUR, 7 * _HOUR, _DAY, 3 * _DAY]),
    st.integers(0, 3 * _HOUR),
)
"""How much later the next thing happens."""

happenings = st.lists(
    st.one_of(
        # A taker trades with a few makers, at a few prices.
        st.tuples(
            steps,
            st.booleans(),
            st.lists(st.tuples(st.integers(90, 110), st.integers(1, 50)), min_size=1, max_size=4),
        ),
        # Time passes.
        st.tuples(steps, st.none(), st.just([])),
    ),
    max_size=40,
)


class MarketLog:
    """What was traded, and what was told of it, up to ``now_ms``."""

    def __init__(self, instrument: Instrument, happened: list[Any]) -> None:
        self.instrument = instrument
        self.trades: list[dict[str, Any]] = []
        self.told: list[Told] = []
        self.now_ms = STARTS_MS
        self._data = SymbolData(instrument, 0)
        self._order_id = 0
        for step_ms, is_buyer_maker, fills in happened:
            self.now_ms += step_ms
            if is_buyer_maker is None:
                self._tick()
            else:
                self._trade(is_buyer_maker, fills)
        # Once a second what is open is told.
        self.now_ms += _SECOND
        self._tick()

    def of(self, name: str) -> Iterator[Mapping[str, Any]]:
        """All records of a name."""
        return (record for told, record in self.told if told == name)

    def _tick(self) -> None:
        tick = {"time_ms": self.now_ms}
        self.told.append(("Tick", tick))
        self._tell(self._data.advance(self.now_ms))

    def _trade(self, is_buyer_maker: bool, fills: list[tuple[int, int]]) -> None:
        self._order_id += 1
        taker = self._order_id
        # A taker meets the best prices first.
        for price, lots in sorted(fills, reverse=is_buyer_maker):
            self._order_id += 1
            maker = self._order_id
            trade = {
                "trade_id": len(self.trades) + 1,
                "symbol": self.instrument.symbol,
                "price_ticks": price,
                "quantity_lots": lots,
                "quote_units": price * lots * self.instrument.quote_units_per_tick_lot,
                "buyer_order_id": maker if is_buyer_maker else taker,
                "seller_order_id": taker if is_buyer_maker else maker,
                "is_buyer_maker": is_buyer_maker,
                "command_id": f"command-{taker}",
                "time_ms": self.now_ms,
            }
            self.trades.append(trade)
            self.told.append(("Trade", trade))
            self._tell(self._data.trade(trade))

    def _tell(self, told: Any) -> None:
        candles, ticker = told
        self.told += [("Candle", candle.as_record()) for candle in candles]
        if ticker is not None:
            self.told.append(("Ticker", ticker))
