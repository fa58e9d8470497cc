"""From a trade's record to its price in Redis: the whole connector, at a steady pace."""

import json
import sys
import threading
import time
from collections.abc import Mapping
from statistics import quantiles
from typing import Any

from confluent_kafka import Producer

from bench.figure import Figure, at_most, figure
from bench.flow import SYMBOLS, write_instruments
from bench.kafka import PARTITIONS, BenchBroker, await_true
from bench.process import Program
from bench.run import Run
from connectors.redis import RedisSettings
from connectors.redis.sink import connected
from schemas.codec import encode
from schemas.partitioning import partition_of
from schemas.topics import TRADES
from tradeflow.errors import TradeflowError
from tradeflow.stores.redis import EmbeddedRedis, EmbeddedRedisSettings

PER_SECOND = 500
WARM_UP = 5_000
"""Trades before the first round: Java compiles the broker meanwhile."""
_WAIT_SECONDS = 60


def measure(run: Run) -> list[Figure]:
    """The time of each trade from before it is sent until a subscriber hears of it.

    That is told by the script that sets the price, so the price is there by then.
    """
    server = EmbeddedRedis(EmbeddedRedisSettings(port=0, data_dir=run.folder / "redis"))
    server.start()
    instruments = write_instruments(run.folder / "instruments.json")
    try:
        with BenchBroker(run.folder) as broker:
            broker.make_topics()
            told = {
                "BROKER": broker.bootstrap,
                "TRADEFLOW_REDIS_URL": server.url,
                "TRADEFLOW_INSTRUMENTS": str(instruments),
            }
            command = [sys.executable, "-m", "tradeflow", "connect", "redis"]
            with Program(command, told=told, log=run.folder / "connector.log") as connector:
                run.say("warming up")
                trades = _Trades(broker.bootstrap, server.url)
                trades.seconds(run.size(WARM_UP, 500))
                connector.require_alive()
                rounds = []
                for number in range(run.rounds):
                    run.say(f"round {number + 1} of {run.rounds}")
                    rounds.append(trades.seconds(run.size(10_000, 500)))
                trades.close()
    finally:
        server.stop()
    return _figures(rounds)


def _figures(rounds: list[list[float]]) -> list[Figure]:
    name = f"trade to price in Redis, {PER_SECOND} trades/s"
    cuts = [quantiles(seconds, n=100) for seconds in rounds]
    return [
        figure("redis_latency", f"{name}, p50", [cut[49] * 1e3 for cut in cuts], "ms"),
        figure(
            "redis_latency", f"{name}, p99", [cut[98] * 1e3 for cut in cuts], "ms",
            goal=at_most(100),
            note=f"{len(rounds[0])} trades a round of {len(SYMBOLS)} symbols on {PARTITIONS}"
            " partitions; broker, connector, server and client on the machine's cores",
        ),
    ]  # fmt: skip


class _Trades:
    """A sender of trades and a subscriber, on one clock."""

    def __init__(self, bootstrap: str, url: str) -> None:
        self._producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 0, "log_level": 0})
        self._client = connected(RedisSettings(url=url))
        self._listener: Any = self._client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        self._listener.psubscribe("trades:*")
        self._sent: dict[int, float] = {}
        self._count = 0

    def seconds(self, count: int) -> list[float]:
        """The time of each of so many trades, sent at their pace whatever has arrived."""
        first = self._count + 1
        self._count += count
        sender = threading.Thread(target=self._send, args=(range(first, first + count),))
        sender.start()
        seconds: dict[int, float] = {}
        latest = time.perf_counter()
        while len(seconds) < count:
            message = self._listener.get_message(timeout=1.0)
            arrived = time.perf_counter()
            if message is not None:
                number = json.loads(message["data"])["t"]
                seconds[number] = arrived - self._sent.pop(number)
                latest = arrived
            elif arrived - latest > _WAIT_SECONDS:
                raise TradeflowError(f"No trade came within {_WAIT_SECONDS} s.")
        sender.join()
        self._require_prices()
        return list(seconds.values())

    def close(self) -> None:
        """Give connections up."""
        self._listener.close()
        self._client.close()

    def _send(self, numbers: range) -> None:
        due = time.perf_counter()
        for number in numbers:
            due += 1 / PER_SECOND
            time.sleep(max(0.0, due - time.perf_counter()))
            trade = _trade(number)
            value = encode("Trade", trade)
            key = str(trade["symbol"]).encode()
            self._sent[number] = time.perf_counter()
            self._producer.produce(TRADES.name, value, key, partition_of(key, PARTITIONS))
            self._producer.poll(0)
        self._producer.flush(10)

    def _require_prices(self) -> None:
        last = _trade(self._count)
        price = f"{last['price_ticks'] // 100}.{last['price_ticks'] % 100:02d}000000".encode()
        await_true(
            lambda: self._client.get(f"price:{last['symbol']}") == price,
            "the last price",
            seconds=1,
        )


def _trade(number: int) -> Mapping[str, Any]:
    return {
        "trade_id": number,
        "symbol": SYMBOLS[number % len(SYMBOLS)],
        "price_ticks": 1_000_000 + number % 1_000,
        "quantity_lots": 1 + number % 500,
        "quote_units": 1,
        "buyer_order_id": number,
        "seller_order_id": number,
        "is_buyer_maker": number % 2 == 0,
        "command_id": f"c{number}",
        "time_ms": time.time_ns() // 1_000_000,
    }
