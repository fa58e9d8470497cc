"""The pure core: commands a second, with every event and every changed row, without Kafka."""

import gc
import time
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from statistics import median, quantiles
from typing import TYPE_CHECKING

from bench.figure import Figure, at_least, figure
from bench.flow import Command, Flow, bench_instruments
from bench.run import Run
from schemas.instruments import Instrument
from streams.domain.market import Market
from streams.transport.collector import collector_paused

if TYPE_CHECKING:
    from collections.abc import Iterator

RESTING = 2_000
ROUND = 2_000
"""Changed rows are taken this often, and garbage looked for, as a worker does between rounds."""


def measure(run: Run) -> list[Figure]:
    """Commands a second, and the time of one command."""
    instruments = bench_instruments(run.folder)
    flow = Flow(instruments, resting=RESTING)
    run.say("making commands")
    first, commands = flow.fill(), flow.take(run.size(200_000, 2_000))
    rates, middles, tails = [], [], []
    for number in range(run.rounds):
        run.say(f"round {number + 1} of {run.rounds}")
        rates.append(len(commands) / seconds_for(markets_after(first, instruments), commands))
        each = _seconds_each(markets_after(first, instruments), commands)
        middles.append(median(each) * 1e6)
        tails.append(quantiles(each, n=100)[98] * 1e6)
    return [
        figure(
            "domain", "matching core", rates, "commands/s",
            goal=at_least(150_000), note=flow.in_words(),
        ),
        figure("domain", "one command, p50", middles, "µs"),
        figure("domain", "one command, p99", tails, "µs"),
    ]  # fmt: skip


def markets_after(
    commands: Iterable[Command], instruments: Mapping[str, Instrument]
) -> dict[str, Market]:
    """Markets that have carried some commands out."""
    markets = {symbol: Market(rules) for symbol, rules in instruments.items()}
    for kind, command in commands:
        markets[command["symbol"]].apply(kind, command)
    for market in markets.values():
        market.take_changes()
    return markets


def seconds_for(markets: Mapping[str, Market], commands: list[Command]) -> float:
    """How long the markets take for the commands, changed rows included."""
    with settled_memory():
        started = time.perf_counter()
        for start in range(0, len(commands), ROUND):
            with collector_paused():
                for kind, command in commands[start : start + ROUND]:
                    markets[command["symbol"]].apply(kind, command)
                for market in markets.values():
                    market.take_changes()
        return time.perf_counter() - started


def _seconds_each(markets: Mapping[str, Market], commands: list[Command]) -> list[float]:
    """The time of each command; to look at the clock is in it, some 0.1 µs."""
    clock = time.perf_counter
    each = []
    with settled_memory():
        for start in range(0, len(commands), ROUND):
            with collector_paused():
                for kind, command in commands[start : start + ROUND]:
                    market = markets[command["symbol"]]
                    started = clock()
                    market.apply(kind, command)
                    each.append(clock() - started)
                for market in markets.values():
                    market.take_changes()
    return each


@contextmanager
def settled_memory() -> "Iterator[None]":
    """As in a worker: what was there before is none of the collector's business."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
