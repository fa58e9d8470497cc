"""A command log as a backtest's flow: each record as its stage would take it.

Of ``orders.incoming`` matching is a function: symbol by symbol the trades are the logged ones,
byte for byte, as long as no strategy trades.  Of ``orders.commands`` all of the exchange follows,
money too; but orders of several accounts may reach matching in another order than they did, since
there that depends on which stage was quicker.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from schemas.codec import DecodeError, decode
from schemas.records import ExecutionReport
from schemas.topics import ORDERS_COMMANDS, ORDERS_INCOMING, WALLET_COMMANDS
from streams.agents.accounts import refuse_wallet_command
from streams.agents.matching import refuse_order_command
from streams.agents.orders import refuse_client_command
from streams.domain.outcome import Outcome
from tradeflow.backtest.desk import ACCOUNT
from tradeflow.backtest.exchange import Exchange
from tradeflow.backtest.funding import Funds
from tradeflow.backtest.topic_log import OrderName
from tradeflow.topic_reader import Record

UNKNOWN_ORDER_ID = 2**53 - 1
"""No order has it: for one that is not there this time."""

_REFUSE = {
    ORDERS_COMMANDS.name: refuse_client_command,
    ORDERS_INCOMING.name: refuse_order_command,
    WALLET_COMMANDS.name: refuse_wallet_command,
}
# The stages' own commands on money follow from the clients' ones here too.
_CLIENTS_MONEY = frozenset(
    {
        "WalletOpenAccountCommand",
        "WalletSetStatusCommand",
        "WalletDepositCommand",
        "WalletWithdrawCommand",
    }
)


class LogFlow:
    """Records of orders.incoming, or of orders.commands and wallet.commands.

    ``live_ids`` says who has which order id in the log: beside a strategy's orders the same order
    gets another one here, and commands that name it are put right.  None: ids are as logged.
    """

    def __init__(
        self,
        records: Iterator[Record],
        live_ids: Mapping[tuple[str, int], OrderName] | None = None,
    ) -> None:
        self._records = records
        self._live_ids = live_ids
        self._ids: dict[OrderName, int] = {}
        self._symbols: dict[int, dict[str, None]] = defaultdict(dict)
        """Those whose markets a partition of matching has by now."""
        self._counts: Counter[str] = Counter()
        self._exchange: Exchange

    def begin(self, exchange: Exchange, funds: Funds) -> None:
        """The exchange that the flow goes to."""
        self._exchange = exchange

    def moments(self) -> Iterator[tuple[int, Any]]:
        """One moment a record, at the log's time."""
        time_ms = 0
        for record in self._records:
            time_ms = max(time_ms, record.timestamp_ms)
            yield time_ms, record

    def play(self, moment: Record) -> None:
        """Do what the record says, or count why its stage would not."""
        topic = moment.partition.topic
        try:
            name, command = decode(moment.value or b"")
        except DecodeError:
            self._counts["dead letters"] += 1
            return
        if _REFUSE[topic](name, command, moment.key, moment.timestamp_ms) is not None:
            self._counts["dead letters"] += 1
        elif topic == WALLET_COMMANDS.name:
            if name in _CLIENTS_MONEY:
                self._counts["commands on money"] += 1
                self._exchange.money(name, command)
        elif name == "Tick":
            self._tick(moment, command["time_ms"])
        else:
            self._counts["commands"] += 1
            self._command(moment, name, command)

    def hear(self, outcome: Outcome) -> None:
        """Note which ids orders get here."""
        if self._live_ids is None:
            return
        for report in outcome.reports:
            if report.execution_type == "NEW" and report.account_id != ACCOUNT:
                placed = report.symbol, report.account_id, report.command_id
                self._ids[placed] = report.order_id

    def hear_refusal(self, report: ExecutionReport) -> None:
        """Refusals are those of the accounts in the log."""
        if report["account_id"] != ACCOUNT and report["reject_reason"] != "NONE":
            self._counts["refused by the orders stage"] += 1

    def counts(self) -> dict[str, int]:
        """What the report says of the flow."""
        return dict(sorted(self._counts.items()))

    def _tick(self, record: Record, time_ms: int) -> None:
        if record.partition.topic == ORDERS_COMMANDS.name:
            self._exchange.tick(record.timestamp_ms)
            return
        # As in matching: only markets that its partition has by then.
        for symbol in self._symbols[record.partition.number]:
            self._exchange.markets[symbol].apply("Tick", {"time_ms": time_ms})

    def _command(self, record: Record, name: str, command: dict[str, Any]) -> None:
        data = record.value
        if self._live_ids is not None and self._is_put_right(self._live_ids, command):
            data = None
        if record.partition.topic == ORDERS_INCOMING.name:
            symbol = command["symbol"]
            if symbol in self._exchange.markets:
                self._symbols[record.partition.number][symbol] = None
            self._exchange.incoming(name, command)
        else:
            self._exchange.command(name, command, data, record.timestamp_ms)

    def _is_put_right(
        self, live_ids: Mapping[tuple[str, int], OrderName], command: dict[str, Any]
    ) -> bool:
        """Give a command the order id of this run; True if it has another one now."""
        aimed = command.get("cancel", command)
        live_id = aimed.get("order_id", 0)
        if not live_id:
            return False
        placed = live_ids.get((command["symbol"], live_id))
        here = UNKNOWN_ORDER_ID if placed is None else self._ids.get(placed, UNKNOWN_ORDER_ID)
        aimed["order_id"] = here
        return bool(here != live_id)
