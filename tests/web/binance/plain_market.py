"""Market data as an obvious loop over all trades would tell it."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from schemas.instruments import Instrument
from web.state.windows import DAY_MS, MINUTE_MS, Windows

Trade = dict[str, Any]
_NOTHING = "0.00000000"


class PlainMarket:
    """One symbol's trades, told of by sums over all of them."""

    def __init__(self, instrument: Instrument, trades: Sequence[Trade], now_ms: int) -> None:
        self._instrument = instrument
        self._trades = trades
        self._now_ms = now_ms

    def klines(
        self, windows: Windows, start_ms: int | None, end_ms: int | None, limit: int
    ) -> list[list[Any]]:
        """A row for each window since the first trade."""
        if not self._trades:
            return []
        last = windows.at(self._now_ms)
        if end_ms is not None:
            last = min(last, windows.at(end_ms))
        first = windows.at(self._trades[0]["time_ms"])
        if start_ms is None:
            first = max(first, last - limit + 1)
        else:
            wanted = windows.at(start_ms)
            while windows.opening(wanted) < start_ms:
                wanted += 1
            first = max(first, wanted)
            last = min(last, first + limit - 1)
        return [self._kline(windows, number) for number in range(first, last + 1)]

    def _kline(self, windows: Windows, number: int) -> list[Any]:
        opening, closing = windows.opening(number), windows.closing(number)
        inside = self._between(opening, closing)
        if not inside:
            close = self.price([t for t in self._trades if t["time_ms"] < opening][-1])
            prices = [close] * 4
        else:
            prices = self._ohlc(inside)
        takers = [t for t in inside if not t["is_buyer_maker"]]
        return [
            *(opening, *prices, self._volume(inside), closing, self._quote(inside)),
            *(len(inside), self._volume(takers), self._quote(takers), "0"),
        ]

    def change(self, opening_ms: int, closing_ms: int) -> dict[str, Any]:
        """A ticker's FULL fields without those of the book."""
        inside = self._between(opening_ms, self._now_ms)
        last = self.price(self._trades[-1]) if self._trades else _NOTHING
        opened, high, low, close = self._ohlc(inside) if inside else [last] * 4
        moved = Fraction(close) - Fraction(opened)
        percent = moved / Fraction(opened) * 100 if Fraction(opened) else Fraction(0)
        volume, quote = self._volume(inside), self._quote(inside)
        average = Fraction(quote) / Fraction(volume) if inside else Fraction(last)
        return {
            "symbol": self._instrument.symbol,
            "priceChange": _text(moved),
            "priceChangePercent": _rounded(percent, 3),
            "weightedAvgPrice": _text(average),
            "openPrice": opened,
            "highPrice": high,
            "lowPrice": low,
            "lastPrice": close,
            "volume": volume,
            "quoteVolume": quote,
            "openTime": opening_ms,
            "closeTime": closing_ms,
            "firstId": inside[0]["trade_id"] if inside else -1,
            "lastId": inside[-1]["trade_id"] if inside else -1,
            "count": len(inside),
        }

    def day(self) -> dict[str, Any]:
        """24hr, without the book's fields."""
        opening = self.minute(DAY_MS)
        before = [t for t in self._trades if t["time_ms"] < opening]
        inside = self._between(opening, self._now_ms)
        # The last trade, whenever that was.
        previous = before[-1:] if inside else self._trades[-1:]
        last = self._trades[-1] if self._trades else None
        return {
            **self.change(opening, self._now_ms),
            "prevClosePrice": self.price(previous[0]) if previous else _NOTHING,
            "lastQty": self._volume([last]) if last else _NOTHING,
        }

    def average(self, minutes: int) -> str:
        """Of the last minutes, or the last price."""
        inside = self._between(self.minute((minutes - 1) * MINUTE_MS), self._now_ms)
        if inside:
            return _text(Fraction(self._quote(inside)) / Fraction(self._volume(inside)))
        return self.price(self._trades[-1]) if self._trades else _NOTHING

    def minute(self, back_ms: int) -> int:
        """The beginning of a rolling window."""
        return self._now_ms // MINUTE_MS * MINUTE_MS - back_ms

    def price(self, trade: Trade) -> str:
        """A trade's price."""
        return _text(trade["price_ticks"] * Fraction(self._instrument.tick_size))

    def _between(self, opening: int, closing: int) -> list[Trade]:
        return [t for t in self._trades if opening <= t["time_ms"] <= closing]

    def _ohlc(self, inside: list[Trade]) -> list[str]:
        by_price = sorted(inside, key=lambda trade: int(trade["price_ticks"]))
        return [self.price(t) for t in (inside[0], by_price[-1], by_price[0], inside[-1])]

    def _volume(self, trades: list[Trade]) -> str:
        lots = sum(trade["quantity_lots"] for trade in trades)
        return _text(lots * Fraction(self._instrument.lot_size))

    def _quote(self, trades: list[Trade]) -> str:
        return _text(
            sum(
                t["price_ticks"]
                * Fraction(self._instrument.tick_size)
                * t["quantity_lots"]
                * Fraction(self._instrument.lot_size)
                for t in trades
            )
        )


def _text(amount: Fraction | int) -> str:
    """Eight decimals, cut off."""
    units = int(abs(amount) * 10**8)
    sign = "-" if amount < 0 and units else ""
    return f"{sign}{units // 10**8}.{units % 10**8:08d}"


def _rounded(amount: Fraction, decimals: int) -> str:
    """So many decimals, half of one away from zero."""
    parts = int(abs(amount) * 10**decimals + Fraction(1, 2))
    sign = "-" if amount < 0 and parts else ""
    return f"{sign}{parts // 10**decimals}.{parts % 10**decimals:0{decimals}d}"
