"""A symbol's market without an exchange: what its log tells of a book, trades, candles, tickers."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from schemas.instruments import load_instruments
from schemas.topics import CANDLES, ORDERBOOK_UPDATES, TICKERS, TRADES, Topic
from streams.domain.market_data import SymbolData

SYMBOL = "BTCUSDT"
LEVELS = 1_000
"""Of each side of the book."""
_MIDDLE = 6_000_000
_PAST_MS = 1_100 * 60_000
_PAST_STEP_MS = 20_000


class Told(NamedTuple):
    """A record of a topic."""

    topic: Topic
    name: str
    record: dict[str, Any]


class LivingMarket:
    """A symbol's records as matching and marketdata would tell them."""

    def __init__(self) -> None:
        instrument = load_instruments()[SYMBOL]
        self._data = SymbolData(instrument, 0)
        self._units = instrument.quote_units_per_tick_lot
        self._update_id = 0
        self._trade_id = 0

    def past(self, until_ms: int) -> Iterator[Told]:
        """A whole book, and hours of trades."""
        yield self._update(until_ms, range(1, LEVELS + 1))
        for time_ms in range(until_ms - _PAST_MS, until_ms, _PAST_STEP_MS):
            yield from self._trade(time_ms)

    def round(self, number: int, time_ms: int) -> Iterator[Told]:
        """What a round of commands changes."""
        yield self._update(time_ms, (1 + number % 7, 3 + number % 11))
        if number % 4 == 0:
            yield from self._trade(time_ms)

    def _update(self, time_ms: int, depths: Any) -> Told:
        self._update_id += 1
        lots = 1_000 + self._update_id
        sides = {
            name: [{"price_ticks": _MIDDLE + way * d, "quantity_lots": lots + d} for d in depths]
            for name, way in (("bids", -1), ("asks", 1))
        }
        ids = {"first_update_id": self._update_id, "last_update_id": self._update_id}
        cause = {"command_id": f"book-{self._update_id}", "time_ms": time_ms}
        record = {"symbol": SYMBOL, **ids, **sides, **cause}
        return Told(ORDERBOOK_UPDATES, "DepthUpdate", record)

    def _trade(self, time_ms: int) -> Iterator[Told]:
        self._trade_id += 1
        price, lots = _MIDDLE + self._trade_id % 50, 10 + self._trade_id % 90
        trade = {
            "trade_id": self._trade_id,
            "symbol": SYMBOL,
            "price_ticks": price,
            "quantity_lots": lots,
            "quote_units": price * lots * self._units,
            "buyer_order_id": 2 * self._trade_id,
            "seller_order_id": 2 * self._trade_id + 1,
            "is_buyer_maker": self._trade_id % 3 == 0,
            "command_id": str(self._trade_id),
            "time_ms": time_ms,
        }
        yield Told(TRADES, "Trade", trade)
        candles, ticker = self._data.trade(trade)
        for candle in candles:
            yield Told(CANDLES, "Candle", dict(candle.as_record()))
        if ticker is not None:
            yield Told(TICKERS, "Ticker", dict(ticker))
