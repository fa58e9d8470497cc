"""The marketdata stage: trades and depth updates in; candles, tickers and snapshots out."""

from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from typing import Any

from prometheus_client import Counter

from schemas.codec import DecodeError, decode, encoder
from schemas.instruments import Instrument
from schemas.topics import CANDLES, ORDERBOOK_SNAPSHOTS, ORDERBOOK_UPDATES, TICKERS, TRADES
from streams.agents.refusing import AHEAD_MS
from streams.domain.market_data import MarketData, Told
from streams.tables import market_table, store_rows
from streams.transport import App, Batch, Table
from streams.transport.records import offset_of, timestamp_of

_CANDLES, _TICKERS, _SNAPSHOTS = CANDLES.name, TICKERS.name, ORDERBOOK_SNAPSHOTS.name
_POSITIVE = ("trade_id", "price_ticks", "quantity_lots", "quote_units", "time_ms")


class MarketDataStage:
    """What the agents do with a batch; knows nothing of Faust."""

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        table: Table,
        *,
        grace_ms: int,
        note_uncounted: Callable[[str, str, int], None],
    ) -> None:
        """``note_uncounted`` is told symbol, why, and how many trades are in no candle."""
        self._instruments = instruments
        self._table = table
        self._grace_ms = grace_ms
        self._note_uncounted = note_uncounted
        self._encode_candle = encoder("Candle")
        self._encode_ticker = encoder("Ticker")
        self._encode_book_ticker = encoder("BookTicker")
        self._encode_snapshot = encoder("DepthSnapshot")

    def take_trades(self, batch: Batch) -> None:
        """Count a batch of ``trades``, in order."""
        data = self.data(batch.partition)
        for record in batch:
            try:
                kind, trade = decode(record.value() or b"")
            except DecodeError as fault:
                batch.dead_letter(fault.reason, fault.detail)
                continue
            refusal = refuse_trade(kind, trade, record.key(), timestamp_of(record))
            if refusal is not None:
                batch.dead_letter(*refusal)
            elif kind == "Tick":
                self._tell(batch, data.advance(trade["time_ms"]))
            elif (symbol := data.symbol(trade["symbol"])) is not None:
                self._tell(batch, (symbol.trade(trade),))
            else:
                batch.dead_letter("UNKNOWN_SYMBOL", f"there is no instrument {trade['symbol']!r}")
        for uncounted in data.take_uncounted():
            self._note_uncounted(*uncounted)
        self._store(batch.partition)

    def take_updates(self, batch: Batch) -> None:
        """Keep books by a batch of ``orderbook.updates``, in order."""
        data = self.data(batch.partition)
        books = {}
        for record in batch:
            try:
                kind, update = decode(record.value() or b"")
            except DecodeError as fault:
                batch.dead_letter(fault.reason, fault.detail)
                continue
            refusal = refuse_update(kind, update, record.key())
            if refusal is not None:
                batch.dead_letter(*refusal)
                continue
            book = books[update["symbol"]] = data.book(update["symbol"])
            if book.apply(update) and book.is_snapshot_due():
                snapshot = self._encode_snapshot(book.snapshot(offset_of(record)))
                batch.emit(_SNAPSHOTS, book.symbol, snapshot)
        # Whoever looks at the best prices wants the newest: one record a book and round.
        for symbol, book in books.items():
            ticker = book.take_ticker()
            if ticker is not None:
                batch.emit(_TICKERS, symbol, self._encode_book_ticker(ticker))
        self._store(batch.partition)

    def data(self, partition: int) -> MarketData:
        """The market data of an owned partition, rebuilt from its rows after a restore."""
        rows = self._table.rows(partition)
        if rows.index is None:
            rows.index = MarketData.restore(self._instruments, self._grace_ms, rows.values())
        data: MarketData = rows.index
        return data

    def _tell(self, batch: Batch, told: Iterable[Told]) -> None:
        for candles, ticker in told:
            for candle in candles:
                # Each window has a key of its own, and all are where their symbol is.
                batch.emit_beside(_CANDLES, self._encode_candle(candle.fields()), candle.key)
            if ticker is not None:
                batch.emit(_TICKERS, ticker["symbol"], self._encode_ticker(ticker))

    def _store(self, partition: int) -> None:
        store_rows(self._table.rows(partition), self.data(partition).take_changes())


def refuse_trade(
    kind: str, trade: Mapping[str, Any], key: bytes | None, timestamp_ms: int
) -> tuple[str, str] | None:
    """Why a decoded record is no trade (reason, detail); None if it is one, or a tick."""
    if kind not in ("Trade", "Tick"):
        return "UNEXPECTED_RECORD", f"{kind} is no trade"
    # A time far ahead would close all windows before their trades have come.
    if trade["time_ms"] > timestamp_ms + AHEAD_MS:
        return "IMPOSSIBLE_VALUE", f"{kind}.time_ms is ahead of the log's clock"
    if kind == "Tick":
        return None
    for name in _POSITIVE:
        if trade[name] <= 0:
            return "IMPOSSIBLE_VALUE", f"Trade.{name} is {trade[name]}"
    return _key_fault(trade, key)


def refuse_update(
    kind: str, update: Mapping[str, Any], key: bytes | None
) -> tuple[str, str] | None:
    """Why a decoded record is no depth update (reason, detail); None if it is one."""
    if kind != "DepthUpdate":
        return "UNEXPECTED_RECORD", f"{kind} is no depth update"
    for levels in (update["bids"], update["asks"]):
        for level in levels:
            if level["price_ticks"] <= 0 or level["quantity_lots"] < 0:
                return "IMPOSSIBLE_VALUE", f"the level {level}"
    return _key_fault(update, key)


def _key_fault(record: Mapping[str, Any], key: bytes | None) -> tuple[str, str] | None:
    if not key:
        return "MISSING_KEY", f"a record of {record['symbol']!r} has no key"
    if key != record["symbol"].encode():
        return "KEY_MISMATCH", f"the key is {key!r}, the symbol {record['symbol']!r}"
    return None


def declare_marketdata(
    app: App, instruments: Mapping[str, Instrument], *, grace_ms: int
) -> MarketDataStage:
    """Add the marketdata agents and their table to ``app``."""
    uncounted = Counter(
        "marketdata_uncounted_trades",
        "Trades that are in no candle: late, or repeated.",
        ["symbol", "why"],
        registry=app.metrics.registry,
    )
    stage = MarketDataStage(
        instruments,
        market_table(app),
        grace_ms=grace_ms,
        note_uncounted=lambda symbol, why, count: uncounted.labels(symbol, why).inc(count),
    )

    @app.agent(app.topic(TRADES.name), name="trades")
    async def take_trades(batches: AsyncIterable[Batch]) -> None:
        async for batch in batches:
            stage.take_trades(batch)

    @app.agent(app.topic(ORDERBOOK_UPDATES.name), name="updates")
    async def take_updates(batches: AsyncIterable[Batch]) -> None:
        async for batch in batches:
            stage.take_updates(batch)

    return stage
