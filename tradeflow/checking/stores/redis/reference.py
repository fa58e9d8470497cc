"""What Redis must hold, computed record by record from the log; slow and obvious on purpose.

Keys are named here without a prefix.  Values are as Redis's types are read: texts, hashes as
dictionaries, sets, sorted sets as scores by member, series as samples.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from schemas.instruments import Instrument
from tradeflow.checking.entry import Entry
from tradeflow.checking.stores.redis.books import Books
from tradeflow.checking.stores.redis.candles import NewestCandles
from tradeflow.checking.stores.redis.texts import Texts
from tradeflow.checking.stores.redis.tickers import Fields, book_fields, day_fields

CANDLES_KEPT = 1_500
SAGA_SECONDS = 86_400

Keys = dict[str, Any]
_Record = Mapping[str, Any]

_SAGAS = uuid5(NAMESPACE_URL, "https://tradeflow/sagas")


class RedisReference:
    """Takes the records of the topics, each partition in order."""

    def __init__(
        self, instruments: Mapping[str, Instrument], *, form: str, candles_kept: int = CANDLES_KEPT
    ) -> None:
        """``form`` is how candles are kept: «time series» or «sorted sets»."""
        self._texts = Texts(instruments)
        self._form = form
        self._prices: dict[str, str] = {}
        self._days: defaultdict[str, Fields] = defaultdict(dict)
        self._best: defaultdict[str, Fields] = defaultdict(dict)
        self.books = Books(self._texts)
        self.candles = NewestCandles(self._texts, form=form, kept=candles_kept)
        self.sagas: dict[str, int] = {}
        """Sagas that have ended, by UUID: until when that is remembered (s)."""
        self._takers: dict[str, Callable[[Any], None]] = {
            "Trade": self._trade,
            "Ticker": self._ticker,
            "BookTicker": self._book_ticker,
            "DepthUpdate": self.books.update,
            "DepthSnapshot": self.books.snapshot,
            "Candle": self.candles.take,
            "OrderSagaRow": self._saga,
        }

    def take(self, entry: Entry) -> None:
        """The next record of its partition; raises TradeflowError for an unknown symbol."""
        take = self._takers.get(entry.name)
        if take is not None:
            take(entry.value)

    def symbols(self) -> set[str]:
        """Those that have keys."""
        told = {*self._prices, *self._days, *self._best}
        return told | self.books.symbols() | self.candles.symbols()

    def members(self, symbol: str) -> set[str]:
        """What «symbols:redis» must have of a symbol."""
        names = {*self._prices, *self._days, *self._best} | self.books.symbols()
        series = {f"{symbol}:{interval}" for interval in self.candles.intervals(symbol)}
        return series | ({symbol} & names)

    def keys(self, symbol: str, *, update_id: int | None = None) -> Keys:
        """Keys and values of a symbol; ``update_id`` is where the store has its book."""
        at = self.books.update_id(symbol) if update_id is None else update_id
        fields = self._days.get(symbol, {}) | self._best.get(symbol, {})
        keys = {
            f"price:{symbol}": self._prices.get(symbol, ""),
            f"ticker:{symbol}": {"symbol": symbol, **fields} if fields else {},
            **self.books.keys(symbol, at),
            **self.candles.keys(symbol),
        }
        return {key: value for key, value in keys.items() if value}

    def has_day(self, symbol: str) -> bool:
        """Whether the log told of the symbol's last 24 hours."""
        return symbol in self._days

    def has_best(self, symbol: str) -> bool:
        """Whether the log told of its best bid and ask."""
        return symbol in self._best

    def dump(self) -> Keys:
        """All keys with their values, but for positions and the sagas' ends in time."""
        keys: Keys = {}
        members: set[str] = set()
        for symbol in self.symbols():
            keys |= self.keys(symbol)
            members |= self.members(symbol)
        keys |= {f"processed:saga:{uuid}": "1" for uuid in self.sagas}
        keys |= {"symbols:redis": members, "candles:redis": self._form} if members else {}
        return keys

    def _trade(self, trade: _Record) -> None:
        self._prices[trade["symbol"]] = self._texts.price(trade["symbol"], trade["price_ticks"])

    def _ticker(self, ticker: _Record) -> None:
        self._days[ticker["symbol"]] = day_fields(ticker, self._texts)

    def _book_ticker(self, ticker: _Record) -> None:
        self._best[ticker["symbol"]] = book_fields(ticker, self._texts)

    def _saga(self, row: _Record) -> None:
        if row["state"] in ("COMPLETED", "FAILED"):
            uuid = saga_uuid(row["account_id"], row["saga_id"])
            self.sagas[uuid] = row["closed_ms"] // 1_000 + SAGA_SECONDS


def saga_uuid(account_id: str, saga_id: str) -> str:
    """Under which the end of a saga is remembered: a UUID of version 5 of the two."""
    return str(uuid5(_SAGAS, f"{len(account_id)}:{account_id}:{saga_id}"))
