"""The engine and its twin side by side: one command to both, and all that comes out compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from schemas.instruments import Instrument
from schemas.records import ClosedOrderRow, OrderRow, SymbolRow
from streams.domain.account_orders import ClosedOrder
from streams.domain.invariants import check_order_book
from streams.domain.market import Market, unknown_symbol
from streams.domain.order import Order
from tests.properties.auditor import Auditor
from tests.simulation.reference_exchange import Outcome, ReferenceExchange


@dataclass
class Tables:
    """What the tables of one symbol hold, written from the changes alone as the stage does."""

    symbol_row: SymbolRow | None = None
    orders: dict[int, OrderRow] = field(default_factory=dict)
    closed: dict[Any, ClosedOrderRow] = field(default_factory=dict)

    def write(self, market: Market) -> None:
        changes = market.take_changes()
        if changes.symbol_row is not None:
            self.symbol_row = changes.symbol_row
        for order_id, order in changes.orders.items():
            if order is None:
                self.orders.pop(order_id, None)
            else:
                self.orders[order_id] = order.to_row()
        for key, row in changes.closed.items():
            if row is None:
                self.closed.pop(key, None)
            else:
                self.closed[key] = row.to_row()


class LockStep:
    """Fails at the first record in which the two differ."""

    def __init__(
        self, instruments: Mapping[str, Instrument], *, closed_limit: int = 100_000
    ) -> None:
        self.instruments = instruments
        self.closed_limit = closed_limit
        self.twin = ReferenceExchange(instruments, closed_limit=closed_limit)
        self.auditor = Auditor(instruments)
        self.tables = {symbol: Tables() for symbol in instruments}
        self.markets = {
            symbol: Market(instrument, closed_limit=closed_limit)
            for symbol, instrument in instruments.items()
        }

    def apply(self, kind: str, command: Mapping[str, Any]) -> Outcome:
        expected = self.twin.apply(kind, command)
        if kind == "Tick":
            for symbol, market in self.markets.items():
                outcome = market.apply(kind, command)
                self.tables[symbol].write(market)
                compare(f"{symbol} after a tick", outcome, expected)
            return expected
        symbol = command["symbol"]
        market = self.markets.get(symbol)
        outcome = unknown_symbol(kind, command) if market is None else market.apply(kind, command)
        context = f"{kind} {command}"
        compare(context, outcome, expected)
        if market is not None:
            self.tables[symbol].write(market)
            assert not check_order_book(market.state), context
            self.auditor.audit(kind, command, expected)
        return expected

    def restart(self, rng: Random) -> None:
        """Rebuild every market from its tables, which give their rows in no order."""
        for symbol, tables in self.tables.items():
            orders, closed = list(tables.orders.values()), list(tables.closed.values())
            rng.shuffle(orders)
            rng.shuffle(closed)
            self.markets[symbol] = Market.restore(
                self.instruments[symbol],
                tables.symbol_row,
                [Order.from_row(row) for row in orders],
                [ClosedOrder.from_row(row) for row in closed],
                closed_limit=self.closed_limit,
            )

    def check_states(self) -> None:
        """Rows first, since they say where two states differ; then the hashes."""
        for symbol, market in self.markets.items():
            rows = sorted(
                (order.to_row() for order in market.state.book.orders.values()),
                key=lambda row: row["order_id"],
            )
            tables = self.tables[symbol]
            kept = sorted(tables.orders.values(), key=lambda row: row["order_id"])
            twin_orders = self.twin.order_rows(symbol)
            twin_closed = by_name(self.twin.closed_rows(symbol))
            compare_records("row", [market.symbol_row()], [self.twin.symbol_row(symbol)])
            compare_records("orders", rows, twin_orders)
            compare_records("table of orders", kept, twin_orders)
            compare_records("closed", by_name(market.state.closed.rows()), twin_closed)
            compare_records("table of closed", by_name(tables.closed.values()), twin_closed)
            assert market.state_hash() == self.twin.state_hash(symbol)
            for side, levels in zip(("BUY", "SELL"), market.depth(), strict=True):
                visible = self.twin.visible_levels(symbol, side)
                assert levels == sorted(visible.items(), reverse=side == "BUY")
                self.auditor.check_depth(symbol, side, visible)
            self.auditor.check_open_orders(symbol, rows)


def by_name(rows: Any) -> list[ClosedOrderRow]:
    return sorted(rows, key=lambda row: (row["account_id"], row["client_order_id"]))


def compare(context: str, outcome: Any, expected: Outcome) -> None:
    found = outcome.as_records()
    reports, trades, depth = expected
    compare_records(f"reports on {context}", found.reports, reports)
    compare_records(f"trades on {context}", found.trades, trades)
    compare_records(f"depth on {context}", [found.depth or {}], [depth or {}])


def compare_records(context: str, records: Sequence[Any], expected: Sequence[Any]) -> None:
    """Fail with the fields of the first record that differ; whole records are too long to read."""
    if list(records) == list(expected):
        return
    for position, (record, twin) in enumerate(zip(records, expected, strict=False)):
        differing = {
            name: (record.get(name), twin.get(name))
            for name in {**record, **twin}
            if record.get(name) != twin.get(name)
        }
        assert not differing, f"{context}: record {position} differs (engine, twin): {differing}"
    raise AssertionError(f"{context}: {len(records)} records, the twin has {len(expected)}")
