"""A marketdata worker to be broken, and what it must have told of the trades it was fed."""

import time
from collections import defaultdict
from pathlib import Path
from random import Random
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from schemas.codec import DecodeError, decode, encode
from schemas.instruments import load_instruments
from schemas.partitioning import partition_of
from schemas.topics import CANDLES, ORDERBOOK_SNAPSHOTS, ORDERBOOK_UPDATES, TICKERS, TRADES
from streams.domain.market_data import MarketData
from tests.chaos.exchange import PARTITIONS, WorkerProcess, await_condition, read_all
from tests.simulation.reference_candles import some_trades
from tradeflow.broker import BrokerSettings, EmbeddedBroker

SYMBOLS = ("BTCUSDT", "ETHUSDT", "LTCUSDT", "BNBBTC")
HOUR_MS = 3_600_000


class MarketPipeline:
    """A broker, a worker, and a twin that is told the same."""

    def __init__(self, folder: Path, *, seed: int) -> None:
        self.folder = folder
        self._rng = Random(seed)
        self.broker = EmbeddedBroker(BrokerSettings(port=0, data_dir=folder / "kafka"))
        self.broker.start()
        self.worker: WorkerProcess | None = None
        first_ms = time.time_ns() // 1_000_000 - 12 * HOUR_MS
        self._trades = {
            symbol: iter(
                some_trades(
                    seed, 20_000, first_ms=first_ms, steps_ms=(0, 5, 90, 2_000), symbol=symbol
                )
            )
            for symbol in SYMBOLS
        }
        self._now = dict.fromkeys(range(PARTITIONS), first_ms)
        instruments = load_instruments(None)
        self.twins = {number: MarketData(instruments, 0) for number in range(PARTITIONS)}
        self.candles: dict[str, Any] = {}
        """By key: the last word on each window."""
        self.tickers: defaultdict[str, list[Any]] = defaultdict(list)
        self.books: dict[str, dict[str, dict[int, int]]] = {
            symbol: {"bids": {}, "asks": {}} for symbol in SYMBOLS
        }
        self._update_ids = dict.fromkeys(SYMBOLS, 0)
        self._producer = Producer(
            {
                "bootstrap.servers": self.broker.bootstrap,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "log_level": 0,
            }
        )
        self._observer = Consumer(
            {"bootstrap.servers": self.broker.bootstrap, "group.id": "marketdata", "log_level": 0}
        )

    def start_worker(self) -> WorkerProcess:
        """Start the worker (again)."""
        settings = {
            "BROKER": self.broker.bootstrap,
            "TRADEFLOW_STATE_DIR": str(self.folder / "workers"),
            "TRADEFLOW_PARTITIONS": str(PARTITIONS),
            "TRADEFLOW_SESSION_TIMEOUT_MS": "4000",
            "TRADEFLOW_TRANSACTION_TIMEOUT_MS": "4000",
            "TRADEFLOW_ROUND_MAX_RECORDS": "100",
            "TRADEFLOW_WEB_PORT": "0",
        }
        log = self.folder / "marketdata.log"
        self.worker = WorkerProcess(0, settings, log, stage="marketdata")
        return self.worker

    def feed(self, count: int) -> None:
        """Trades, depth updates and ticks; the twin is told each at once."""
        for _ in range(count):
            symbol = self._rng.choice(SYMBOLS)
            pick = self._rng.random()
            if pick < 0.1:
                self._tick(partition_of(symbol.encode(), PARTITIONS))
            elif pick < 0.4:
                self._update(symbol)
            else:
                self._trade(symbol)
        self._producer.flush(30)

    def send(self, topic: str, key: str | None, value: bytes) -> None:
        """One record, of which the twin is not told."""
        self._producer.produce(topic, value, key)

    def _trade(self, symbol: str) -> None:
        number = partition_of(symbol.encode(), PARTITIONS)
        trade = next(self._trades[symbol])
        # Matching's time never goes back in a partition's symbol, ticks included.
        self._now[number] = trade["time_ms"] = max(self._now[number], trade["time_ms"])
        self.send(TRADES.name, symbol, encode("Trade", trade))
        data = self.twins[number].symbol(symbol)
        assert data is not None
        self._expect([data.trade(trade)])

    def _tick(self, number: int) -> None:
        self._now[number] += self._rng.choice((10, 1_000, 70_000))
        tick = {"time_ms": self._now[number]}
        self._producer.produce(TRADES.name, encode("Tick", tick), partition=number)
        self._expect(self.twins[number].advance(tick["time_ms"]))

    def _update(self, symbol: str) -> None:
        side = self._rng.choice(("bids", "asks"))
        price = self._rng.randint(1, 50) + (100 if side == "asks" else 0)
        lots = self._rng.choice((0, 1, 5, 9))
        levels = self.books[symbol][side]
        if levels.get(price, 0) == lots:
            return
        levels[price] = lots
        if not lots:
            del levels[price]
        self._update_ids[symbol] += 1
        update = {
            "symbol": symbol,
            "first_update_id": self._update_ids[symbol],
            "last_update_id": self._update_ids[symbol],
            "bids": [],
            "asks": [],
            "command_id": "c",
            "time_ms": self._now[partition_of(symbol.encode(), PARTITIONS)],
        }
        update[side] = [{"price_ticks": price, "quantity_lots": lots}]
        self.send(ORDERBOOK_UPDATES.name, symbol, encode("DepthUpdate", update))

    def _expect(self, told: Any) -> None:
        for candles, ticker in told:
            for candle in candles:
                self.candles[candle.key] = candle.as_record()
            if ticker is not None:
                self.tickers[ticker["symbol"]].append(ticker)

    def is_done(self) -> bool:
        """Whether all that was fed is answered."""
        assert self.worker is not None
        wanted = [
            TopicPartition(topic, number)
            for topic in (TRADES.name, ORDERBOOK_UPDATES.name)
            for number in range(PARTITIONS)
        ]
        return all(
            at.offset >= self._observer.get_watermark_offsets(at, timeout=5)[1]
            or self._observer.get_watermark_offsets(at, timeout=5)[1] == 0
            for at in self._observer.committed(wanted, timeout=5)
        )

    def verify(self) -> None:
        """Wait until all is answered, then compare it with what the twin told."""
        self._producer.flush(30)
        await_condition(self.is_done, "all to be answered")
        bootstrap = self.broker.bootstrap
        last = {
            message.key().decode(): decode(message.value())[1]
            for message in read_all(bootstrap, CANDLES.name)
        }
        assert last == self.candles
        tickers: defaultdict[str, list[Any]] = defaultdict(list)
        best: dict[str, Any] = {}
        for message in read_all(bootstrap, TICKERS.name):
            name, record = decode(message.value())
            if name == "Ticker":
                tickers[record["symbol"]].append(record)
            else:
                best[record["symbol"]] = record
        assert tickers == self.tickers
        for symbol, book in self.books.items():
            bid, ask = max(book["bids"], default=0), min(book["asks"], default=0)
            found = best[symbol]
            assert (found["bid_ticks"], found["ask_ticks"]) == (bid, ask)
            assert found["bid_lots"] == book["bids"].get(bid, 0)
            assert self._local_book(symbol) == book

    def _local_book(self, symbol: str) -> dict[str, dict[int, int]]:
        """From the last snapshot on, as anybody would keep it."""
        book: dict[str, dict[int, int]] = {"bids": {}, "asks": {}}
        last_id = offset = -1
        for message in read_all(self.broker.bootstrap, ORDERBOOK_SNAPSHOTS.name):
            snapshot = decode(message.value())[1]
            if snapshot["symbol"] == symbol:
                last_id, offset = snapshot["last_update_id"], snapshot["offset"]
                for side in ("bids", "asks"):
                    book[side] = dict(level.values() for level in snapshot[side])
        assert last_id > 0
        number = partition_of(symbol.encode(), PARTITIONS)
        for message in read_all(self.broker.bootstrap, ORDERBOOK_UPDATES.name):
            try:
                name, update = decode(message.value())
            except DecodeError:
                continue
            if (
                name == "DepthUpdate"
                and message.key() == symbol.encode()
                and message.partition() == number
                and message.offset() > offset
                and update["symbol"] == symbol
            ):
                assert update["first_update_id"] == last_id + 1
                last_id = update["last_update_id"]
                for side in ("bids", "asks"):
                    for level in update[side]:
                        book[side][level["price_ticks"]] = level["quantity_lots"]
        return {
            side: {price: lots for price, lots in levels.items() if lots}
            for side, levels in book.items()
        }

    def close(self) -> None:
        """End everything that was started."""
        if self.worker is not None and not self.worker.has_exited():
            self.worker.kill()
        self._observer.close()
        self.broker.stop()
