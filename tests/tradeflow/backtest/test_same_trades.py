"""The same command log, live or in a backtest: the same trades, byte for byte."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from schemas.codec import decode
from schemas.instruments import load_instruments
from schemas.topics import ORDERS_COMMANDS, ORDERS_INCOMING, TRADES, WALLET_COMMANDS
from tests.chaos.exchange import INSTRUMENTS, read_all
from tests.chaos.paid_pipeline import PaidPipeline
from tests.tradeflow.backtest.logs import backtested_trades, by_symbol, records_of
from tradeflow.backtest.topic_log import TopicLog
from tradeflow.cli import app
from tradeflow.errors import TradeflowError
from tradeflow.simulation.faults import NO_FAULTS, FaultRates
from tradeflow.simulation.instruments import INSTRUMENTS as SIMULATED
from tradeflow.simulation.run import Simulation, SimulationSettings

COMMANDS = 400
PAID_COMMANDS = 600


def live_trades(values: Iterator[tuple[bytes | None, bytes]]) -> dict[str, list[bytes]]:
    """What is on the topic of trades, without the ticks that go on to it."""
    named = [(key, value) for key, value in values if decode(value)[0] == "Trade"]
    return by_symbol((key.decode(), value) for key, value in named if key is not None)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rates", [NO_FAULTS, FaultRates()], ids=["peace", "faults"])
def test_simulated_stages_and_backtest_make_the_same_trades(seed: int, rates: FaultRates) -> None:
    simulation = Simulation(seed, SimulationSettings(commands=COMMANDS, rates=rates))
    report = simulation.run()
    assert report.failure is None, report
    log = simulation.log
    expected = live_trades(
        (record.key(), record.value() or b"") for record in log.all_records(TRADES.name)
    )

    found, _ = backtested_trades(records_of(log, ORDERS_INCOMING.name), SIMULATED, paying=False)

    assert sum(len(trades) for trades in expected.values()) > 20
    assert found == expected


def test_what_the_stage_refuses_the_backtest_refuses() -> None:
    simulation = Simulation(5, SimulationSettings(commands=COMMANDS))
    assert simulation.run().failure is None
    log = simulation.log
    letters = [
        decode(record.value() or b"")[1]["topic"]
        for record in log.all_records("matching.dead-letters")
    ]

    _, flow = backtested_trades(records_of(log, ORDERS_INCOMING.name), SIMULATED, paying=False)

    assert flow.counts().get("dead letters", 0) == letters.count(ORDERS_INCOMING.name) > 0


def test_of_the_clients_commands_all_follows_money_too() -> None:
    simulation = Simulation(7, SimulationSettings(commands=COMMANDS, rates=NO_FAULTS))
    assert simulation.run().failure is None

    trades, flow = backtested_trades(
        records_of(simulation.log, WALLET_COMMANDS.name, ORDERS_COMMANDS.name),
        SIMULATED,
        paying=True,
    )

    # Nobody could trade without the deposits of the other topic.
    assert sum(len(each) for each in trades.values()) > 20
    assert flow.counts()["commands on money"] > 0


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[PaidPipeline]:
    """The real stages on a real broker."""
    running = PaidPipeline(tmp_path, seed=20260808)
    try:
        running.start_all()
        yield running
    finally:
        running.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_real_stages_and_backtest_make_the_same_trades(
    pipeline: PaidPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.fund(6_000_000)
    pipeline.feed(PAID_COMMANDS)
    pipeline.settle()
    bootstrap = pipeline.broker.bootstrap
    messages: list[Any] = read_all(bootstrap, TRADES.name)
    expected = live_trades((message.key(), message.value()) for message in messages)

    log = TopicLog(bootstrap, ORDERS_INCOMING.name)
    found, _ = backtested_trades(log.records(), load_instruments(INSTRUMENTS), paying=False)

    assert sum(len(trades) for trades in expected.values()) > 50
    assert found == expected
    _require_runs(pipeline, monkeypatch, sum(len(trades) for trades in expected.values()))


def _require_runs(
    pipeline: PaidPipeline, monkeypatch: pytest.MonkeyPatch, live_trades: int
) -> None:
    """The same by name on the command line: alone, and with a strategy beside the log."""
    monkeypatch.setenv("BROKER", pipeline.broker.bootstrap)
    monkeypatch.setenv("TRADEFLOW_INSTRUMENTS", str(INSTRUMENTS))
    symbol = next(iter(pipeline.instruments))
    alone = _backtest(ORDERS_INCOMING.name)
    assert alone["trades"] == live_trades
    assert alone["state_hash"] == _backtest(ORDERS_INCOMING.name)["state_hash"]

    paid = _backtest(ORDERS_COMMANDS.name)
    assert paid["flow"]["commands on money"] > 0
    assert paid["trades"] > live_trades // 2

    maker = ("--strategy", "tradeflow.backtest.examples.market_maker:MarketMaker")
    quotes = ("--symbol", symbol, "--param", "size=0.003", "--param", "limit=0.02")
    with pytest.raises(TradeflowError, match="which one does the strategy trade"):
        _backtest(ORDERS_COMMANDS.name, *maker)
    for topic in (ORDERS_INCOMING.name, ORDERS_COMMANDS.name):
        found = _backtest(topic, *maker, *quotes, "--param", "every_ms=20")
        assert found["result"]["orders"]["accepted"] > 0


def _backtest(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["backtest", *arguments, "--json"])
    if isinstance(result.exception, TradeflowError):
        raise result.exception
    assert result.exit_code == 0, (result.output, result.exception)
    found: dict[str, Any] = json.loads(result.stdout)
    return found
