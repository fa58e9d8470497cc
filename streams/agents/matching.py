"""The matching stage: commands in; execution reports, trades, depth updates and settlements out.

A tick goes on to the trades, behind what was traded before it: candles close by it.
"""

from collections.abc import AsyncIterable, Callable, Mapping, Sequence
from typing import Any

from schemas.codec import DecodeError, decode, encoder
from schemas.headers import LAST_REPORT
from schemas.instruments import Instrument
from schemas.topics import (
    COMMANDS,
    ORDERBOOK_UPDATES,
    ORDERS_EXECUTIONS,
    ORDERS_INCOMING,
    TRADES,
    WALLET_COMMANDS,
)
from streams.agents.refusing import refuse
from streams.domain.events import ReportEvent
from streams.domain.market import Market
from streams.domain.outcome import Outcome
from streams.domain.settlement import settlement
from streams.domain.unknown_symbol import unknown_symbol
from streams.tables import BookRow, book_table, by_symbol, store_changes
from streams.transport import App, Batch, Rows, Table
from streams.transport.records import timestamp_of

_COMMANDS = frozenset(COMMANDS)
_EXECUTIONS, _TRADES, _UPDATES = ORDERS_EXECUTIONS.name, TRADES.name, ORDERBOOK_UPDATES.name
_WALLET = WALLET_COMMANDS.name
_LAST = [(LAST_REPORT, b"")]


class PartitionMarkets:
    """The markets of one partition: in-memory books over the partition's table rows."""

    __slots__ = ("_instruments", "_rows", "markets", "touched")

    def __init__(self, instruments: Mapping[str, Instrument], rows: Rows[BookRow]) -> None:
        self._instruments = instruments
        self._rows = rows
        self.markets: dict[str, Market] = {
            symbol: Market.restore(instruments[symbol], state, orders, closed)
            for symbol, (state, orders, closed) in by_symbol(rows).items()
        }
        self.touched: dict[str, None] = {}

    def apply(self, kind: str, command: Mapping[str, Any]) -> Outcome:
        """Carry a command out in the market of its symbol, if there is such a symbol."""
        symbol = command["symbol"]
        market = self.markets.get(symbol)
        if market is None:
            instrument = self._instruments.get(symbol)
            if instrument is None:
                return unknown_symbol(kind, command)
            market = self.markets[symbol] = Market(instrument)
        self.touched[symbol] = None
        return market.apply(kind, command)

    def tick(self, tick: Mapping[str, Any]) -> None:
        """Let time pass in every market of the partition."""
        for symbol, market in self.markets.items():
            market.apply("Tick", tick)
            self.touched[symbol] = None

    def store(self) -> None:
        """Put what changed since the last call into the table: one row an order, however often."""
        for symbol in self.touched:
            store_changes(self._rows, symbol, self.markets[symbol].take_changes())
        self.touched.clear()


class MatchingStage:
    """What the agent does with a batch; knows nothing of Faust."""

    def __init__(self, instruments: Mapping[str, Instrument], table: Table) -> None:
        self._instruments = instruments
        self._table = table
        self._encode_report = encoder("ExecutionReport")
        self._encode_trade = encoder("Trade")
        self._encode_update = encoder("DepthUpdate")
        self._wallet_encoders = {
            name: encoder(name) for name in ("WalletSettleFillCommand", "WalletReleaseFundsCommand")
        }

    def process(self, batch: Batch) -> None:
        """Match a batch of ``orders.incoming``, in order."""
        markets = self.markets(batch.partition)
        apply, emit = markets.apply, batch.emit
        for record in batch:
            value = record.value()
            try:
                kind, command = decode(value if value is not None else b"")
            except DecodeError as fault:
                batch.dead_letter(fault.reason, fault.detail)
                continue
            refusal = refuse_order_command(kind, command, record.key(), timestamp_of(record))
            if refusal is not None:
                batch.dead_letter(*refusal)
            elif kind == "Tick":
                markets.tick(command)
                batch.emit_beside(_TRADES, value or b"")
            else:
                self._send(emit, command, apply(kind, command))
        markets.store()

    def markets(self, partition: int) -> PartitionMarkets:
        """The markets of an owned partition, rebuilt from its rows after a restore."""
        rows = self._table.rows(partition)
        if rows.index is None:
            rows.index = PartitionMarkets(self._instruments, rows)
        markets: PartitionMarkets = rows.index
        return markets

    def _send(
        self, emit: Callable[..., None], command: Mapping[str, Any], outcome: Outcome
    ) -> None:
        encode, symbol = self._encode_report, command["symbol"]
        last = _last_report(outcome.reports, command["account_id"])
        for report in outcome.reports:
            mark = _LAST if report is last else None
            emit(_EXECUTIONS, report.account_id, encode(report.fields()), mark)
            if report.hold_id:
                self._settle(emit, report)
        for trade in outcome.trades:
            emit(_TRADES, symbol, self._encode_trade(trade.fields()))
        if outcome.depth is not None:
            emit(_UPDATES, symbol, self._encode_update(outcome.depth.fields()))

    def _settle(self, emit: Callable[..., None], report: ReportEvent) -> None:
        told = settlement(self._instruments.get(report.symbol), report)
        if told is not None:
            name, command = told
            emit(_WALLET, report.account_id, self._wallet_encoders[name](command))


def _last_report(reports: Sequence[ReportEvent], account_id: str) -> ReportEvent | None:
    """The last one to the account that gave the command; an order that it met may be its own."""
    for report in reversed(reports):
        if report.account_id == account_id and report.role != "MAKER":
            return report
    return None


def refuse_order_command(
    kind: str, command: Mapping[str, Any], key: bytes | None, timestamp_ms: int
) -> tuple[str, str] | None:
    """Why a decoded record is no command for matching (reason, detail); None if it is one."""
    return refuse(kind, command, key, timestamp_ms, kinds=_COMMANDS, keyed_by="symbol")


def declare_matching(app: App, instruments: Mapping[str, Instrument]) -> MatchingStage:
    """Add the matching agent and its table to ``app``."""
    stage = MatchingStage(instruments, book_table(app))

    @app.agent(app.topic(ORDERS_INCOMING.name), name="matching")
    async def matching(batches: AsyncIterable[Batch]) -> None:
        async for batch in batches:
            stage.process(batch)

    return stage
