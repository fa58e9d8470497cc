"""What matching writes for others, and how a check reads it."""

from collections.abc import Mapping
from typing import Any

from schemas.records import ExecutionReport
from schemas.topics import (
    MATCHING_DEAD_LETTERS,
    ORDERBOOK_UPDATES,
    ORDERS_EXECUTIONS,
    TRADES,
    WALLET_COMMANDS,
)
from tradeflow.checking.answered import Answered

REPORTS = ORDERS_EXECUTIONS.name
TRADE_TOPIC = TRADES.name
UPDATES = ORDERBOOK_UPDATES.name
SETTLEMENTS = WALLET_COMMANDS.name
LETTERS = MATCHING_DEAD_LETTERS.name

OUTPUTS: Mapping[str, frozenset[str]] = {
    REPORTS: frozenset({"ExecutionReport"}),
    TRADE_TOPIC: frozenset({"Trade", "Tick"}),
    UPDATES: frozenset({"DepthUpdate"}),
    SETTLEMENTS: frozenset({"WalletSettleFillCommand", "WalletReleaseFundsCommand"}),
    LETTERS: frozenset({"DeadLetter"}),
}


def reports_of(answered: Answered) -> list[ExecutionReport]:
    """The execution reports as they arose: their numbers say the order, across partitions."""
    reports: list[Any] = answered.values(REPORTS)
    reports.sort(key=lambda report: report["execution_id"])
    return reports
