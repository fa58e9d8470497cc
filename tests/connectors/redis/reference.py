"""What Redis must hold after some events: the slow, obvious way, one event after the other."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connectors.event import Event
from connectors.redis.saga_uuid import saga_uuid
from schemas.instruments import Instrument

INTERVAL_MS = {
    "1s": 1_000,
    "1m": 60_000,
    "3m": 180_000,
    "5m": 300_000,
    "15m": 900_000,
    "30m": 1_800_000,
    "1h": 3_600_000,
    "2h": 7_200_000,
    "4h": 14_400_000,
    "6h": 21_600_000,
    "8h": 28_800_000,
    "12h": 43_200_000,
    "1d": 86_400_000,
    "3d": 259_200_000,
    "1w": 604_800_000,
    "1M": 2_678_400_000,
}
_EIGHT = Decimal("0.00000001")


class Reference:
    """Keys and values, by key."""

    def __init__(
        self, instruments: Mapping[str, Instrument], *, form: str, candles_kept: int = 1_500
    ) -> None:
        self._instruments = instruments
        self._form = form
        self._candles_kept = candles_kept
        self.prices: dict[str, str] = {}
        self.tickers: dict[str, dict[str, str]] = defaultdict(dict)
        self.books: dict[str, dict[str, dict[int, int]]] = {}
        self.states: dict[str, dict[str, str]] = {}
        self.candles: dict[tuple[str, str], dict[int, Mapping[str, Any]]] = defaultdict(dict)
        self.sagas: set[str] = set()
        self.positions: dict[str, str] = {}

    def add(self, events: Iterable[Event]) -> None:
        """Take events in, in order."""
        for event in events:
            self.positions[str(event.place)] = str(event.offset + 1)
            take = getattr(self, f"_{event.name}", None)
            if take is not None:
                take(event.record)

    def _Trade(self, trade: Mapping[str, Any]) -> None:  # noqa: N802
        self.prices[trade["symbol"]] = self.price(trade["symbol"], trade["price_ticks"])

    def _Ticker(self, ticker: Mapping[str, Any]) -> None:  # noqa: N802
        symbol = ticker["symbol"]
        change = Decimal(ticker["last_ticks"] - ticker["open_ticks"])
        percent = change * 100 / ticker["open_ticks"] if ticker["open_ticks"] else Decimal(0)
        self.tickers[symbol] |= {
            "symbol": symbol,
            "priceChange": self.price(symbol, ticker["last_ticks"] - ticker["open_ticks"]),
            "priceChangePercent": f"{percent.quantize(Decimal('0.001'), ROUND_HALF_UP) + 0:f}",
            "weightedAvgPrice": money(ticker["weighted_average_units"]),
            "prevClosePrice": self.price(symbol, ticker["previous_close_ticks"]),
            "lastPrice": self.price(symbol, ticker["last_ticks"]),
            "lastQty": self.quantity(symbol, ticker["last_lots"]),
            "openPrice": self.price(symbol, ticker["open_ticks"]),
            "highPrice": self.price(symbol, ticker["high_ticks"]),
            "lowPrice": self.price(symbol, ticker["low_ticks"]),
            "volume": self.quantity(symbol, ticker["volume_lots"]),
            "quoteVolume": money(ticker["quote_volume_units"]),
            "openTime": str(ticker["open_time_ms"]),
            "closeTime": str(ticker["close_time_ms"]),
            "firstId": str(ticker["first_trade_id"]),
            "lastId": str(ticker["last_trade_id"]),
            "count": str(ticker["trades"]),
            "avgPrice": money(ticker["average_price_units"]),
        }

    def _BookTicker(self, ticker: Mapping[str, Any]) -> None:  # noqa: N802
        symbol = ticker["symbol"]
        self.tickers[symbol] |= {
            "symbol": symbol,
            "bidPrice": self.price(symbol, ticker["bid_ticks"]),
            "bidQty": self.quantity(symbol, ticker["bid_lots"]),
            "askPrice": self.price(symbol, ticker["ask_ticks"]),
            "askQty": self.quantity(symbol, ticker["ask_lots"]),
            "bookUpdateId": str(ticker["update_id"]),
        }

    def _DepthUpdate(self, update: Mapping[str, Any]) -> None:  # noqa: N802
        symbol = update["symbol"]
        book = self.books.setdefault(symbol, {"bids": {}, "asks": {}})
        for side in ("bids", "asks"):
            for level in update[side]:
                book[side].pop(level["price_ticks"], None)
                if level["quantity_lots"]:
                    book[side][level["price_ticks"]] = level["quantity_lots"]
        last, time_ms = str(update["last_update_id"]), str(update["time_ms"])
        self.states[symbol] = {"update_id": last, "time_ms": time_ms, "needs": "0"}

    def _Candle(self, candle: Mapping[str, Any]) -> None:  # noqa: N802
        self.candles[candle["symbol"], candle["interval"]][candle["open_time_ms"]] = candle

    def _OrderSagaRow(self, row: Mapping[str, Any]) -> None:  # noqa: N802
        if row["state"] in ("COMPLETED", "FAILED"):
            self.sagas.add(saga_uuid(row["account_id"], row["saga_id"]))

    def price(self, symbol: str, ticks: int) -> str:
        """Decimal text, the slow way."""
        return f"{ticks * Decimal(self._instruments[symbol].tick_size):.8f}"

    def quantity(self, symbol: str, lots: int) -> str:
        """Decimal text, the slow way."""
        return f"{lots * Decimal(self._instruments[symbol].lot_size):.8f}"

    def levels(self, symbol: str, side: str) -> list[tuple[str, str]]:
        """Price and quantity, best first."""
        levels = self.books[symbol][side]
        return [
            (self.price(symbol, ticks), self.quantity(symbol, levels[ticks]))
            for ticks in sorted(levels, reverse=side == "bids")
        ]

    def dump(self) -> dict[str, Any]:
        """All keys with their values, as ``dump_of`` reads them."""
        keys: dict[str, Any] = {f"price:{symbol}": price for symbol, price in self.prices.items()}
        keys |= {f"ticker:{symbol}": fields for symbol, fields in self.tickers.items()}
        for symbol, book in self.books.items():
            keys[f"orderbook:{symbol}"] = {
                price: quantity for side in book for price, quantity in self.levels(symbol, side)
            }
            keys[f"orderbook:{symbol}:state"] = self.states[symbol]
            for side, levels in book.items():
                ranked = {self.price(symbol, ticks): float(ticks) for ticks in levels}
                keys[f"orderbook:{symbol}:{side}"] = ranked
        keys |= self._candle_keys()
        keys |= {f"processed:saga:{uuid}": "1" for uuid in self.sagas}
        series = {f"{symbol}:{interval}" for symbol, interval in self.candles}
        symbols = {*self.prices, *self.tickers, *self.books}
        keys["symbols:redis"] = symbols | series
        keys["candles:redis"] = self._form
        keys["positions:redis"] = self.positions
        return {key: value for key, value in keys.items() if value}

    def _candle_keys(self) -> dict[str, Any]:
        keys: dict[str, Any] = {}
        for (symbol, interval), candles in self.candles.items():
            oldest = max(candles) - self._candles_kept * INTERVAL_MS[interval]
            kept = {opening: candles[opening] for opening in sorted(candles) if opening >= oldest}
            key = f"ticker:{symbol}:{interval}"
            if self._form == "sorted sets":
                keys[key] = {self._kline(candle): float(at) for at, candle in kept.items()}
                continue
            for field in ("open", "high", "low", "close"):
                name = key if field == "close" else f"{key}:{field}"
                keys[name] = [
                    (at, float(self.price(symbol, candle[f"{field}_ticks"])))
                    for at, candle in kept.items()
                ]
            keys[f"{key}:volume"] = [
                (at, float(self.quantity(symbol, candle["volume_lots"])))
                for at, candle in kept.items()
            ]
        return keys

    def _kline(self, candle: Mapping[str, Any]) -> str:
        symbol = candle["symbol"]
        row = [
            candle["open_time_ms"],
            *(self.price(symbol, candle[f"{f}_ticks"]) for f in ("open", "high", "low", "close")),
            self.quantity(symbol, candle["volume_lots"]),
            candle["close_time_ms"],
            money(candle["quote_volume_units"]),
            candle["trades"],
            self.quantity(symbol, candle["taker_buy_lots"]),
            money(candle["taker_buy_quote_units"]),
            "0",
        ]
        return json.dumps(row, separators=(",", ":"))


def money(units: int) -> str:
    """Minor units as decimal text, the slow way."""
    return f"{units * _EIGHT:.8f}"
