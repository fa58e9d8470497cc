"""What traded in a stretch of time, added up from candles and trades."""

from collections.abc import Mapping
from typing import Any

from schemas.amounts import UNITS_PER_ASSET
from schemas.instruments import Instrument


class Sums:
    """The sums of trades in the order of their ids; empty until something is added."""

    __slots__ = (
        "close_ticks",
        "first_trade_id",
        "high_ticks",
        "last_trade_id",
        "lots",
        "low_ticks",
        "open_ticks",
        "quote_units",
        "taker_buy_lots",
        "taker_buy_quote_units",
        "trades",
    )

    def __init__(self) -> None:
        self.first_trade_id = self.last_trade_id = 0
        self.open_ticks = self.high_ticks = self.low_ticks = self.close_ticks = 0
        self.lots = self.quote_units = self.trades = 0
        self.taker_buy_lots = self.taker_buy_quote_units = 0

    def add_candle(self, candle: Mapping[str, Any]) -> None:
        """Count a candle that is younger than what was counted."""
        if not candle["trades"]:
            return
        self._extend(
            (candle["first_trade_id"], candle["open_ticks"]),
            (candle["last_trade_id"], candle["close_ticks"]),
            high_ticks=candle["high_ticks"],
            low_ticks=candle["low_ticks"],
        )
        self.trades += candle["trades"]
        self.lots += candle["volume_lots"]
        self.quote_units += candle["quote_volume_units"]
        self.taker_buy_lots += candle["taker_buy_lots"]
        self.taker_buy_quote_units += candle["taker_buy_quote_units"]

    def add_trade(self, trade: Mapping[str, Any]) -> None:
        """Count a trade that is younger than what was counted."""
        ticks, lots, units = trade["price_ticks"], trade["quantity_lots"], trade["quote_units"]
        one = trade["trade_id"], ticks
        self._extend(one, one, high_ticks=ticks, low_ticks=ticks)
        self.trades += 1
        self.lots += lots
        self.quote_units += units
        if not trade["is_buyer_maker"]:
            self.taker_buy_lots += lots
            self.taker_buy_quote_units += units

    def average_units(self, instrument: Instrument) -> int:
        """What a whole unit of the base asset cost on average, rounded down; 0 where empty."""
        base_units = self.lots * instrument.base_units_per_lot
        return self.quote_units * UNITS_PER_ASSET // base_units if base_units else 0

    def _extend(
        self, first: tuple[int, int], last: tuple[int, int], *, high_ticks: int, low_ticks: int
    ) -> None:
        if not self.trades:
            self.first_trade_id, self.open_ticks = first
            self.high_ticks, self.low_ticks = high_ticks, low_ticks
        else:
            self.high_ticks = max(self.high_ticks, high_ticks)
            self.low_ticks = min(self.low_ticks, low_ticks)
        self.last_trade_id, self.close_ticks = last
