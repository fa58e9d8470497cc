"""I5: books are never crossed, quantities add up, numbers have no gaps."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.records import ExecutionReport, Trade
from tradeflow.checking.answered import Answered, Output
from tradeflow.checking.findings import Findings
from tradeflow.checking.matching.level_audit import LevelAudit
from tradeflow.checking.matching.order_lives import OrderLives
from tradeflow.checking.matching.outputs import REPORTS, TRADE_TOPIC, UPDATES, reports_of

Tell = Callable[[str], None]


@dataclass(slots=True)
class SymbolAudit:
    """What the log has told of one symbol so far."""

    last_execution_id: int = 0
    last_trade_id: int = 0
    lives: OrderLives = field(default_factory=OrderLives)
    levels: LevelAudit = field(default_factory=LevelAudit)


class Books:
    """Keeps books on what the log tells; it knows no rule of matching."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self._symbols: defaultdict[str, SymbolAudit] = defaultdict(SymbolAudit)

    def complete(self, answered: Answered) -> None:
        """Look at a command that has all its outputs; commands of a symbol come in order."""
        if not answered.actual or answered.kind == "Tick":
            return
        symbol = str(answered.command.get("symbol", ""))
        reports = [report for report in reports_of(answered) if report["execution_id"]]
        trades: list[Trade] = answered.values(TRADE_TOPIC)
        updates = answered.values(UPDATES)
        if not (reports or trades or updates):
            return
        audit = self._symbols[symbol]

        def violated(text: str) -> None:
            self.findings.violated(answered.position, f"{symbol}: {text}")

        for report in reports:
            self._number(audit, report, violated)
            audit.lives.follow(report, violated)
        self._check_trades(audit, reports, trades, violated)
        for update in updates:
            audit.levels.follow(update, violated)
        self._count(reports, trades, len(updates))

    def stray(self, output: Output, why: str) -> None:
        """An output that belongs to no command that is open."""
        topic = output.record.partition.topic
        if output.name == "Tick":
            return
        if topic == REPORTS:
            what = f"execution {output.value['execution_id']}"
        elif topic == UPDATES:
            what = f"update {output.value['first_update_id']}"
        elif topic == TRADE_TOPIC:
            what = f"trade {output.value['trade_id']}"
        else:
            return
        symbol = output.value["symbol"]
        self.findings.violated(output.position, f"{symbol}: {what} is there out of order: {why}")

    def to_state(self) -> dict[str, Any]:
        """All books, for a checkpoint."""
        return {
            symbol: {
                "last_execution_id": audit.last_execution_id,
                "last_trade_id": audit.last_trade_id,
                "orders": audit.lives.to_state(),
                "levels": audit.levels.to_state(),
            }
            for symbol, audit in self._symbols.items()
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        for symbol, kept in state.items():
            audit = self._symbols[symbol]
            audit.last_execution_id = kept["last_execution_id"]
            audit.last_trade_id = kept["last_trade_id"]
            audit.lives.load(kept["orders"])
            audit.levels.load(kept["levels"])

    def _number(self, audit: SymbolAudit, report: ExecutionReport, violated: Tell) -> None:
        found = report["execution_id"]
        if found != audit.last_execution_id + 1:
            violated(f"execution {found} follows {audit.last_execution_id}")
        audit.last_execution_id = max(found, audit.last_execution_id)

    def _check_trades(
        self,
        audit: SymbolAudit,
        reports: Sequence[ExecutionReport],
        trades: Sequence[Trade],
        violated: Tell,
    ) -> None:
        """Each trade is one fill of a maker and one of a taker, and no fill is without one."""
        fills: defaultdict[int, list[ExecutionReport]] = defaultdict(list)
        for report in reports:
            if report["execution_type"] == "TRADE":
                fills[report["trade_id"]].append(report)
        for trade in trades:
            trade_id = trade["trade_id"]
            if trade_id != audit.last_trade_id + 1:
                violated(f"trade {trade_id} follows {audit.last_trade_id}")
            audit.last_trade_id = max(trade_id, audit.last_trade_id)
            if fault := _fault_of(trade, fills.pop(trade_id, [])):
                violated(f"trade {trade_id}: {fault}")
        for trade_id in fills:
            violated(f"fills of trade {trade_id}, but no such trade")

    def _count(self, reports: Sequence[ExecutionReport], trades: Sequence[Trade], n: int) -> None:
        figures = self.findings.figures
        figures["orders"] += sum(report["execution_type"] == "NEW" for report in reports)
        figures["trades"] += len(trades)
        figures["updates"] += n


def _fault_of(trade: Trade, fills: Sequence[ExecutionReport]) -> str | None:
    """What a trade and its fills do not agree on."""
    if [fill["role"] for fill in fills] != ["MAKER", "TAKER"]:
        return f"{len(fills)} fills, not one of a maker and one of a taker"
    maker, taker = fills
    buyer, seller = (maker, taker) if trade["is_buyer_maker"] else (taker, maker)
    if (buyer["side"], seller["side"]) != ("BUY", "SELL"):
        return "buyer and seller are mixed up"
    if (buyer["order_id"], seller["order_id"]) != (
        trade["buyer_order_id"],
        trade["seller_order_id"],
    ):
        return "its orders are not those of its fills"
    for fill in fills:
        if (fill["last_price_ticks"], fill["last_quantity_lots"], fill["last_quote_units"]) != (
            trade["price_ticks"],
            trade["quantity_lots"],
            trade["quote_units"],
        ):
            return f"price or quantity is not that of fill {fill['execution_id']}"
    return None
