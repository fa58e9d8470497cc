"""A backtest's engine over a command log, without a broker: commands a second.

What is logged is encoded, as a topic has it; each command is decoded, checked as its stage does,
carried out with all its events, and the changed rows are taken as at a round's end.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.domain import settled_memory
from bench.figure import Figure, at_least, figure
from bench.flow import Command, Flow, bench_instruments
from bench.hftbacktest_feed import hftbacktest_python, seconds_for, write_feed
from bench.paid_flow import PaidFlow, funding
from bench.run import Run
from schemas.codec import encode
from schemas.instruments import Instrument, assets_of
from schemas.topics import ORDERS_COMMANDS, ORDERS_INCOMING
from tradeflow.backtest.exchange import Exchange
from tradeflow.backtest.funding import Funds
from tradeflow.backtest.log_flow import LogFlow
from tradeflow.backtest.performance import Performance
from tradeflow.backtest.run import BacktestRun, Latency
from tradeflow.errors import TradeflowError
from tradeflow.topic_reader import Partition, Record

RESTING = 2_000
_ACCOUNTS = 500
_UNITS = 10**14


def measure(run: Run) -> list[Figure]:
    """Commands a second without the paid path, with it, and beside hftbacktest."""
    instruments = bench_instruments(run.folder)
    run.say("making commands")
    figures = [_incoming(run, instruments), _paid(run, instruments)]
    if not run.is_quick:
        figures += _beside(run, instruments)
    return figures


def _incoming(run: Run, instruments: Mapping[str, Instrument]) -> Figure:
    flow = Flow(instruments, resting=RESTING)
    first = list(records(ORDERS_INCOMING.name, flow.fill(), "symbol"))
    log = list(records(ORDERS_INCOMING.name, flow.take(run.size(200_000, 2_000)), "symbol"))
    rates = []
    for number in range(run.rounds):
        run.say(f"orders.incoming, round {number + 1} of {run.rounds}")
        rates.append(rate(instruments, first, log))
    return figure(
        "backtest",
        "orders.incoming: decoding, checks, matching, events",
        rates,
        "commands/s",
        goal=at_least(100_000),
        note=f"{flow.in_words()}; no strategy, no money: that was paid when it was logged;"
        " processor time",
    )


def _paid(run: Run, instruments: Mapping[str, Instrument]) -> Figure:
    accounts = [f"acct-{number:06d}" for number in range(_ACCOUNTS)]
    flow = PaidFlow(accounts)
    commands = flow.take(run.size(40_000, 1_000))
    log = list(records(ORDERS_COMMANDS.name, commands, "account_id"))
    rates = []
    for number in range(run.rounds):
        run.say(f"orders.commands, round {number + 1} of {run.rounds}")
        rates.append(rate(instruments, [], log, accounts))
    return figure(
        "backtest",
        "orders.commands: orders, wallet and settlement too",
        rates,
        "commands/s",
        note=f"{flow.in_words()}; reports encoded and decoded as between the stages",
    )


def _beside(run: Run, instruments: Mapping[str, Instrument]) -> list[Figure]:
    """One symbol: this engine matches its orders, hftbacktest is told what became of the book."""
    try:
        python = hftbacktest_python(run.say)
    except TradeflowError as error:
        run.say(f"left out: {error.message}")
        return []
    symbol, rules = next(iter(instruments.items()))
    flow = Flow({symbol: rules}, resting=RESTING)
    first, rest = flow.fill(), flow.take(200_000)
    feed = write_feed(run.folder / "feed.bin", rules, first, rest)
    before = list(records(ORDERS_INCOMING.name, first, "symbol"))
    log = list(records(ORDERS_INCOMING.name, rest, "symbol"))
    mine, its = [], []
    for number in range(run.rounds):
        run.say(f"beside hftbacktest, round {number + 1} of {run.rounds}")
        mine.append(rate({symbol: rules}, before, log))
        its.append(len(rest) / seconds_for(python, feed, rules))
    return [
        figure(
            "backtest",
            "one symbol, beside hftbacktest",
            mine,
            "commands/s",
            beside=("hftbacktest, levels and trades only", its),
            note="hftbacktest (Rust) is told each level's change and each trade: it matches no"
            " recorded order, pays for nothing, and no order moves its book",
        )
    ]


def records(topic: str, commands: list[Command], keyed_by: str) -> Iterator[Record]:
    """Commands as a topic's partition has them."""
    partition = Partition(topic, 0)
    for offset, (kind, command) in enumerate(commands):
        value = encode(kind, command)
        key = command[keyed_by].encode()
        yield Record(partition, offset, command["time_ms"], key, value, ())


def rate(
    instruments: Mapping[str, Instrument],
    first: list[Record],
    log: list[Record],
    accounts: Sequence[str] = (),
) -> float:
    """Records a second of a run over ``log``, on an exchange that has done ``first``.

    ``accounts`` pay for their orders; none: nobody does.  It is the processor's time, not the
    clock's, whoever else works on the machine.
    """
    exchange = Exchange(instruments, paying=None if accounts else frozenset())
    _fund(exchange, accounts)
    if first:
        _play(exchange, first)
    with settled_memory():
        started = time.thread_time()
        played = _play(exchange, log)
        seconds = time.thread_time() - started
    assert played.moments == len(log)
    return len(log) / seconds


def _play(exchange: Exchange, log: list[Record]) -> BacktestRun:
    flow = LogFlow(iter(log))
    flow.begin(exchange, Funds(exchange))
    rules = next(iter(exchange.instruments.values()))
    run = BacktestRun(
        exchange,
        flow,
        Performance(exchange.markets[rules.symbol], every_ms=1_000),
        rules,
        Latency(0, 0),
        begin=_nothing,
        look=_nothing,
    )
    run.play()
    return run


def _nothing(_told: Any) -> None:
    """No screen, no funds."""


def _fund(exchange: Exchange, accounts: Sequence[str]) -> None:
    assets = sorted(assets_of(dict(exchange.instruments)))
    for name, command in funding(accounts, assets, _UNITS):
        exchange.money(name, command)
