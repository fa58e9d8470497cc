"""The logs of simulated runs, told to the slow exchange and the slow wallet: they say the same."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from schemas.codec import DecodeError, decode
from schemas.instruments import assets_of
from schemas.topics import (
    ORDERS_EXECUTIONS,
    ORDERS_INCOMING,
    TRADES,
    WALLET_COMMANDS,
    WALLET_EVENTS,
)
from streams.agents.accounts import refuse_wallet_command
from streams.agents.matching import refuse_order_command
from tests.simulation.reference_exchange import ReferenceExchange
from tests.simulation.reference_wallet import ReferenceWallet
from tradeflow.simulation.instruments import INSTRUMENTS
from tradeflow.simulation.log import LogRecord, SimulatedLog
from tradeflow.simulation.run import Simulation, SimulationSettings

SEEDS = range(1_000, 1_015)


@pytest.fixture(scope="module")
def logs() -> list[SimulatedLog]:
    runs = [Simulation(seed, SimulationSettings(commands=60)) for seed in SEEDS]
    for each in runs:
        assert each.run().holds
    return [each.log for each in runs]


def read(log: SimulatedLog, topic: str) -> Iterator[tuple[LogRecord, str, dict[str, Any]]]:
    """What can be decoded."""
    for record in log.all_records(topic):
        try:
            name, value = decode(record.value() or b"")
        except DecodeError:
            continue
        yield record, name, value


def test_the_slow_exchange_matches_alike(logs: list[SimulatedLog]) -> None:
    traded = 0
    for log in logs:
        twin = ReferenceExchange(INSTRUMENTS)
        seen: dict[int, set[str]] = defaultdict(set)
        reports: dict[str, list[Any]] = defaultdict(list)
        trades: dict[str, list[Any]] = defaultdict(list)
        for record, name, command in read(log, ORDERS_INCOMING.name):
            if refuse_order_command(name, command, record.key(), record.timestamp()[1]):
                continue
            # A tick is for its partition's markets, and these exist from their first command on.
            markets = seen[record.partition()]
            if name == "Tick":
                twin.tick(command["time_ms"], markets)
                continue
            markets |= {command["symbol"]} & INSTRUMENTS.keys()
            said = twin.apply(name, command)
            for report in said[0]:
                reports[report["symbol"]].append(report)
            for trade in said[1]:
                trades[trade["symbol"]].append(trade)
        found: dict[str, list[Any]] = defaultdict(list)
        for _, name, report in read(log, ORDERS_EXECUTIONS.name):
            if name == "ExecutionReport" and report["execution_id"]:
                found[report["symbol"]].append(report)
        for symbol in INSTRUMENTS:
            found[symbol].sort(key=lambda report: report["execution_id"])
            assert found[symbol] == reports[symbol]
            in_log = [
                each
                for _, name, each in read(log, TRADES.name)
                if name == "Trade" and each["symbol"] == symbol
            ]
            assert in_log == trades[symbol]
            traded += len(in_log)
    assert traded > 50


def test_the_slow_wallet_moves_alike(logs: list[SimulatedLog]) -> None:
    assets = assets_of(INSTRUMENTS)
    for log in logs:
        twins: dict[int, Any] = defaultdict(lambda: ReferenceWallet(assets))
        expected: dict[int, list[Any]] = defaultdict(list)
        for record, name, command in read(log, WALLET_COMMANDS.name):
            if refuse_wallet_command(name, command, record.key(), record.timestamp()[1]):
                continue
            event = twins[record.partition()].apply(name, command)
            if event is not None:
                expected[record.partition()].append(event)
        found: dict[int, list[Any]] = defaultdict(list)
        for record, name, event in read(log, WALLET_EVENTS.name):
            if name != "Tick":
                found[record.partition()].append((name, event))
        assert found == expected
