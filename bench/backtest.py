"""A backtest's engine over a command log, without a broker: commands a second.

What is logged is encoded, as a topic has it; each command is decoded, checked as its stage does,
carried out with all its events, and the changed rows are taken as at a round's end.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bench.domain import settled_memory
from bench.figure import Figure, at_least, figure
from bench.flow import Command, Flow, bench_instruments
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
from tradeflow.topic_reader import Partition, Record

RESTING = 2_000
_ACCOUNTS = 500
_UNITS = 10**14


def measure(run: Run) -> list[Figure]:
    """Commands a second without the paid path, and with it."""
    instruments = bench_instruments(run.folder)
    flow = Flow(instruments, resting=RESTING)
    run.say("making commands")
    first = list(records(ORDERS_INCOMING.name, flow.fill(), "symbol"))
    matched = list(records(ORDERS_INCOMING.name, flow.take(run.size(200_000, 2_000)), "symbol"))
    accounts = [f"acct-{number:06d}" for number in range(_ACCOUNTS)]
    paid_flow = PaidFlow(accounts)
    commands = paid_flow.take(run.size(40_000, 1_000))
    paid = list(records(ORDERS_COMMANDS.name, commands, "account_id"))
    incoming_rates, paid_rates = [], []
    for number in range(run.rounds):
        run.say(f"round {number + 1} of {run.rounds}")
        incoming_rates.append(rate(instruments, first, matched, prepare=lambda _exchange: None))
        paid_rates.append(rate(instruments, [], paid, prepare=lambda ex: _fund(ex, accounts)))
    return [
        figure(
            "backtest",
            "orders.incoming: decoding, checks, matching, events",
            incoming_rates,
            "commands/s",
            goal=at_least(100_000),
            note=f"{flow.in_words()}; no strategy, no money: that was paid when it was logged",
        ),
        figure(
            "backtest",
            "orders.commands: orders, wallet and settlement too",
            paid_rates,
            "commands/s",
            note=f"{paid_flow.in_words()}; reports encoded and decoded as between the stages",
        ),
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
    *,
    prepare: Callable[[Exchange], None],
) -> float:
    """Records a second of a run over ``log``, on an exchange that has done ``first``."""
    is_paid = not first and log[0].partition.topic == ORDERS_COMMANDS.name
    exchange = Exchange(instruments, paying=None if is_paid else frozenset())
    prepare(exchange)
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


def _fund(exchange: Exchange, accounts: list[str]) -> None:
    assets = sorted(assets_of(dict(exchange.instruments)))
    for name, command in funding(accounts, assets, _UNITS):
        exchange.money(name, command)
