"""The makers of `tradeflow up`: paid for, and still there when the broker was not."""

from pathlib import Path

import pytest

from schemas.topics import ORDERS_INCOMING
from tests.tradeflow.commands.running_exchange import Up, await_condition, run
from tradeflow.errors import TradeflowError
from tradeflow.recorded_process import RecordedProcess
from tradeflow.topic_reader import Topics

pytestmark = [pytest.mark.variant, pytest.mark.slow, pytest.mark.timeout(300)]


def _commands(up: Up) -> int:
    """How far the log of matching's commands has come; 0 while the broker cannot say."""
    try:
        topics = Topics(up.bootstrap)
        return sum(topics.ends(topics.partitions(ORDERS_INCOMING.name)).values())
    except TradeflowError:
        return 0


def test_makers_are_paid_for_and_go_on_when_the_broker_is_back(tmp_path: Path) -> None:
    up = Up(tmp_path, ("--rate", "20"))
    try:
        up.wait_until_up()
        await_condition(lambda: _commands(up) > 50, "commands of the flow")
        flow = up.recorded("makers")
        assert flow is not None

        RecordedProcess(tmp_path / ".tradeflow/kafka/broker.pid").kill()
        await_condition(lambda: "it is started again" in up.output, "another broker")
        seen = await_condition(lambda: _commands(up), "a broker that answers")
        await_condition(lambda: _commands(up) > seen + 50, "more commands")

        assert up.recorded("makers") == flow, "it was never started again"
        balance = run("account", "balance", "maker-BTCUSDT", folder=tmp_path).stdout
        assert "USDT" in balance
        check = run("check", folder=tmp_path)
        assert check.returncode == 0, check.stdout + check.stderr
    finally:
        up.end()
