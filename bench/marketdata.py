"""The marketdata stage through Kafka: trades a second into candles of all intervals and tickers.

The topics are filled beforehand.  At least as many tickers must come out as the core tells without
Kafka; that candles are right is the tests' matter.  Beside it, in the same rounds, Quix Streams'
windows.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from bench.domain import ROUND, settled_memory
from bench.figure import Figure, at_least, figure, times
from bench.flow import START_MS, SYMBOLS, bench_instruments
from bench.kafka import PARTITIONS, BenchBroker, await_true
from bench.process import Program, rival, stage_worker
from bench.quix_environment import quix_python
from bench.run import Run
from schemas.codec import encode
from schemas.instruments import Instrument
from schemas.topics import CANDLES, TICKERS, TRADES
from streams.domain.candle_intervals import INTERVALS
from streams.domain.market_data import MarketData
from streams.transport.collector import collector_paused
from tradeflow.errors import TradeflowError

_MIDDLE_TICKS = 1_000_000
_STEPS_MS = (0, 0, 1, 2, 5, 10)
"""Between two trades of any symbol: some 330 a second."""
_TICK_MS = 1_000
_SHORT = "short.trades"
_QUIET_LOOKS = 8


def some_trades(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Trades of all symbols in the order of their times."""
    rng = Random(seed)
    prices = dict.fromkeys(SYMBOLS, _MIDDLE_TICKS)
    ids = dict.fromkeys(SYMBOLS, 0)
    now = START_MS
    for _ in range(count):
        symbol = rng.choice(SYMBOLS)
        now += rng.choice(_STEPS_MS)
        ids[symbol] += 1
        prices[symbol] += rng.randint(-20, 20)
        lots = rng.randint(200, 100_000)
        yield {
            "trade_id": ids[symbol],
            "symbol": symbol,
            "price_ticks": prices[symbol],
            "quantity_lots": lots,
            "quote_units": prices[symbol] * lots * 10,
            "buyer_order_id": 1,
            "seller_order_id": 2,
            "is_buyer_maker": rng.random() < 0.5,
            "command_id": f"taker-{ids[symbol]}",
            "time_ms": now,
        }


def records_of(trades: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Trades as a producer takes them, with ticks of the clock in every partition."""
    due = START_MS + _TICK_MS
    for trade in trades:
        while trade["time_ms"] >= due:
            tick = encode("Tick", {"time_ms": due})
            yield from ({"partition": number, "value": tick} for number in range(PARTITIONS))
            due += _TICK_MS
        yield {"key": trade["symbol"], "value": encode("Trade", trade)}


def core_rate(trades: list[dict[str, Any]], instruments: dict[str, Instrument]) -> float:
    """Trades a second without Kafka, rows included."""
    data = MarketData(instruments, 0)
    with settled_memory():
        started = time.perf_counter()
        for start in range(0, len(trades), ROUND):
            with collector_paused():
                for trade in trades[start : start + ROUND]:
                    symbol = data.symbol(trade["symbol"])
                    if symbol is not None:
                        symbol.trade(trade)
                data.take_changes()
        return len(trades) / (time.perf_counter() - started)


def tickers_told(trades: list[dict[str, Any]], instruments: dict[str, Instrument]) -> int:
    """How many tickers must come out, ticks of the clock aside: at least so many."""
    data = MarketData(instruments, 0)
    told = 0
    for trade in trades:
        symbol = data.symbol(trade["symbol"])
        assert symbol is not None
        told += symbol.trade(trade)[1] is not None
    return told


@dataclass
class MarketBench:
    """The broker with its trades."""

    run: Run
    broker: BenchBroker
    instruments: Path
    counts: dict[str, int] = field(default_factory=dict)

    def fill(self, topic: str, trades: list[dict[str, Any]]) -> None:
        """Write trades to a topic."""
        self.broker.fill(topic, records_of(trades))
        self.counts[topic] = len(trades)

    def rate(self, number: int, profile: str, least: int) -> float:
        """Trades a second of one worker, by the broker's clock, in empty topics."""
        folder = self.run.folder / f"{profile}-{number}"
        folder.mkdir()
        self._empty_topics()
        bootstrap = self.broker.bootstrap
        with stage_worker(
            "marketdata", bootstrap, folder, self.instruments, profile=profile
        ) as worker:
            times_ms = self._await_output(worker, TICKERS.name, least)
        return self.counts[TRADES.name] / ((times_ms[-1] - times_ms[0]) / 1_000)

    def quix_rate(self, number: int, python: Path) -> float:
        """The same of Quix Streams, on fewer trades."""
        folder = self.run.folder / f"quix-{number}"
        folder.mkdir()
        self._empty_topics()
        with rival(
            "quix_candles",
            self.broker.bootstrap,
            folder,
            self.instruments,
            source=_SHORT,
            group=f"quix-candles-{number}",
            python=str(python),
        ) as program:
            times_ms = self._await_output(program, CANDLES.name, 1)
        return self.counts[_SHORT] / ((times_ms[-1] - times_ms[0]) / 1_000)

    def _empty_topics(self) -> None:
        self.broker.remove_topics(but=self.counts)
        self.broker.make_topics(*self.counts)

    def _await_output(self, program: Program, topic: str, least: int) -> list[int]:
        end, looks = 0, 0

        def is_done() -> bool:
            nonlocal end, looks
            program.require_alive()
            now = self.broker.end(topic)
            looks = looks + 1 if now == end else 0
            end = now
            # An end counts the markers of transactions too, so it must also stand still.
            return end >= least and looks >= _QUIET_LOOKS

        await_true(is_done, topic, seconds=300, every=0.25)
        content = self.broker.content(topic)
        if content.count < least:
            raise TradeflowError(
                f"{content.count} records came on {topic}, at least {least} were right.\n"
                f"{program.log_end()}"
            )
        return content.times_ms


def measure(run: Run) -> list[Figure]:
    """Every contender in every round, and the core alone."""
    quix = quix_python(run.say)
    rules = bench_instruments(run.folder)
    run.say("making trades")
    trades = list(some_trades(run.size(300_000, 6_000)))
    short = trades[: run.size(10_000, 3_000)]
    least = tickers_told(trades, rules)
    core: list[float] = []
    rates: dict[str, list[float]] = {"throughput": [], "low-latency": []}
    beside: list[float] = []
    run.say("starting a broker")
    with BenchBroker(run.folder) as broker:
        broker.make_topics(_SHORT)
        bench = MarketBench(run, broker, run.folder / "instruments.json")
        bench.fill(TRADES.name, trades)
        bench.fill(_SHORT, short)
        run.say("warming the broker up")
        bench.rate(run.rounds, "throughput", least)
        for number in range(run.rounds):
            run.say(f"round {number + 1} of {run.rounds}")
            core.append(core_rate(trades, rules))
            for profile, found in rates.items():
                found.append(bench.rate(number, profile, least))
            beside.append(bench.quix_rate(number, quix))
    mine = rates["throughput"]
    note = (
        f"{len(SYMBOLS)} symbols, {len(INTERVALS)} intervals, some 330 trades a second of their "
        "own time; open windows and tickers told once a second, rows, exactly once"
    )
    return [
        figure("marketdata", "candles and tickers, core alone", core, "trades/s", note=note),
        *(
            figure(
                "marketdata", f"through Kafka, {profile}", found, "trades/s",
                beside=("core alone", core), goal=at_least(20_000),
            )
            for profile, found in rates.items()
        ),
        figure(
            "marketdata", "beside Quix Streams' windows", mine, "trades/s",
            beside=("Quix Streams", beside), goal=times(2),
            note="Quix Streams tells closed windows only, and no tickers",
        ),
    ]  # fmt: skip
