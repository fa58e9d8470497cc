"""The benchmarks by name.  Each module is imported when its benchmark runs."""

from dataclasses import dataclass
from importlib import import_module

from bench.figure import Figure
from bench.run import Run


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A module of this package with a function ``measure(run)`` that gives figures."""

    name: str
    summary: str
    needs_kafka: bool

    def measure(self, run: Run) -> list[Figure]:
        """Run it."""
        figures: list[Figure] = import_module(f"bench.{self.name}").measure(run)
        return figures


BENCHMARKS = {
    benchmark.name: benchmark
    for benchmark in (
        Benchmark("domain", "the pure core, no Kafka", needs_kafka=False),
        Benchmark("codec", "Avro in and out, beside fastavro", needs_kafka=False),
        Benchmark("ledger", "the ledger's core, no Kafka", needs_kafka=False),
        Benchmark("accounts", "an order among many accounts and orders", needs_kafka=False),
        Benchmark("backtest", "a backtest over a command log, no Kafka", needs_kafka=False),
        Benchmark("growth", "the core with large books and long histories", needs_kafka=False),
        Benchmark(
            "stage", "matching through Kafka, beside a plain loop, Faust and Quix", needs_kafka=True
        ),
        Benchmark("join", "a windowed join through Kafka, and its core alone", needs_kafka=True),
        Benchmark(
            "marketdata", "candles and tickers through Kafka, beside Quix Streams", needs_kafka=True
        ),
        Benchmark("hop", "latency of one exactly-once hop at 100 commands/s", needs_kafka=True),
        Benchmark("saga", "an order through all stages: latency and rate", needs_kafka=True),
        Benchmark("connect_redis", "the Redis sink, beside the bare driver", needs_kafka=False),
        Benchmark("redis_latency", "a trade until its price is in Redis", needs_kafka=True),
        Benchmark("connect_mongodb", "the MongoDB sink, beside bare pymongo", needs_kafka=False),
        Benchmark("restore", "back in service after kill -9; memory", needs_kafka=True),
        Benchmark("connect_mysql", "MySQL's connector, beside the bare driver", needs_kafka=True),
        Benchmark(
            "gateway_orders", "POST of an order until its FULL reply, whole saga", needs_kafka=True
        ),
        Benchmark(
            "gateway_reads", "market data over REST, beside a bare Starlette", needs_kafka=True
        ),
        Benchmark(
            "gateway_streams",
            "a trade to 500 WebSocket clients, beside websockets",
            needs_kafka=True,
        ),
        Benchmark(
            "gateway_silent",
            "a trade to 1000 WebSocket clients of whom 20 do not read, beside a run without",
            needs_kafka=True,
        ),
        Benchmark("history", "a restart after a short and a long log", needs_kafka=True),
    )
}
