"""Books written as text, commands with defaults, and outcomes told in short lines."""

from dataclasses import replace
from typing import Any, cast

from schemas.instruments import Instrument
from schemas.records import ExecutionReport, OrderRow
from streams.domain.account_orders import ClosedOrder
from streams.domain.market import Market
from streams.domain.order import Order
from streams.domain.outcome import OutcomeRecords

NOON_MS = 1_700_000_040_000
"""The first millisecond of a minute."""

PERMISSIVE = Instrument(
    symbol="AAABBB",
    base_asset="AAA",
    quote_asset="BBB",
    tick_size="1",
    lot_size="1",
    quote_units_per_tick_lot=1,
    base_units_per_lot=1,
    status="TRADING",
    min_price_ticks=0,
    max_price_ticks=0,
    price_step_ticks=0,
    min_quantity_lots=0,
    max_quantity_lots=0,
    quantity_step_lots=0,
    market_min_quantity_lots=0,
    market_max_quantity_lots=0,
    market_quantity_step_lots=0,
    min_notional_units=0,
    max_notional_units=0,
    apply_min_notional_to_market=False,
    apply_max_notional_to_market=False,
    bid_multiplier_up_ppm=0,
    bid_multiplier_down_ppm=0,
    ask_multiplier_up_ppm=0,
    ask_multiplier_down_ppm=0,
    average_price_minutes=0,
    max_num_orders=0,
    max_num_algo_orders=0,
    max_num_iceberg_orders=0,
    max_iceberg_parts=0,
    maker_rate_ppm=0,
    taker_rate_ppm=0,
)
"""One tick times one lot is one unit, and every filter is off."""

MARKETS: list[Market] = []
"""Every market that the running test has made; its invariants are checked at the end."""

_MARKET_KINDS = {"MARKET", "STOP_LOSS", "TAKE_PROFIT"}


class Book:
    """A market with names instead of ids: commands are told by their client order ids."""

    def __init__(self, *, closed_limit: int = 100, **rules: Any) -> None:
        self.instrument = replace(PERMISSIVE, **rules)
        self.market = Market(self.instrument, closed_limit=closed_limit)
        self.closed_limit = closed_limit
        self.now_ms = NOON_MS
        self._commands = 0
        MARKETS.append(self.market)

    def buy(self, name: str, quantity: int, price: int = 0, **terms: Any) -> OutcomeRecords:
        """Place a buy: LIMIT GTC where it has a price, else MARKET with a large budget."""
        return self.place(name, side="BUY", quantity_lots=quantity, price_ticks=price, **terms)

    def sell(self, name: str, quantity: int, price: int = 0, **terms: Any) -> OutcomeRecords:
        """Place a sell: LIMIT GTC where it has a price, else MARKET."""
        return self.place(name, side="SELL", quantity_lots=quantity, price_ticks=price, **terms)

    def place(self, name: str, **terms: Any) -> OutcomeRecords:
        """Place the order ``name`` of an account of the same name, unless terms say otherwise."""
        return self.apply("PlaceOrder", **placement(name, **terms))

    def cancel(self, name: str, **terms: Any) -> OutcomeRecords:
        """Cancel the order ``name``."""
        return self.apply("CancelOrder", **cancellation(name, **terms))

    def amend(self, name: str, quantity: int, **terms: Any) -> OutcomeRecords:
        """Reduce the order ``name``."""
        command = cancellation(name, quantity_lots=quantity, **terms)
        del command["restriction"], command["hold_id"]
        return self.apply("AmendOrder", **command)

    def replace(
        self, name: str, by: dict[str, Any], mode: str = "STOP_ON_FAILURE", **terms: Any
    ) -> OutcomeRecords:
        """Cancel the order ``name`` and place another."""
        cancel = self._stamp(cancellation(name, **terms))
        account = cancel["account_id"]
        return self.apply(
            "CancelReplaceOrder",
            account_id=account,
            mode=mode,
            cancel=cancel | {"command_id": "inner", "account_id": "inner"},
            place=self._stamp(by) | {"command_id": "inner", "account_id": "inner"},
        )

    def set_status(self, status: str) -> OutcomeRecords:
        """Open, halt or restrict the symbol."""
        return self.apply("SetSymbolStatus", account_id="operator", status=status)

    def wait(self, milliseconds: int) -> OutcomeRecords:
        """Let time pass."""
        self.now_ms += milliseconds
        return self.apply("Tick")

    def apply(self, kind: str, **command: Any) -> OutcomeRecords:
        """Apply any command, stamped with an id and the book's time."""
        self._commands += 1
        return self.market.apply(kind, self._stamp(command)).as_records()

    def restored(self, **rules: Any) -> "Book":
        """A second book whose market comes from this one's rows, under other rules if given."""
        book = Book(closed_limit=self.closed_limit)
        book.instrument = replace(self.instrument, **rules)
        MARKETS.remove(book.market)
        state = self.market.state
        rows = [order.to_row() for order in state.book.orders.values()]
        book.market = Market.restore(
            book.instrument,
            self.market.symbol_row(),
            [Order.from_row(cast(OrderRow, dict(row))) for row in reversed(rows)],
            [ClosedOrder.from_row(row) for row in reversed(state.closed.rows())],
            closed_limit=self.closed_limit,
        )
        MARKETS.append(book.market)
        book.now_ms = self.now_ms
        book._commands = self._commands
        return book

    def _stamp(self, command: dict[str, Any]) -> dict[str, Any]:
        stamp = {"command_id": f"command-{self._commands}", "symbol": "AAABBB"}
        return stamp | {"time_ms": self.now_ms} | command

    def __str__(self) -> str:
        bids, asks = self.market.depth()
        lines = [f"      | {price:>5} | {lots}" for price, lots in reversed(asks)]
        lines += [f"{lots:>5} | {price:>5} |" for price, lots in bids]
        return "\n".join(lines) or "(empty)"


def placement(name: str, **terms: Any) -> dict[str, Any]:
    """A PlaceOrder but for its stamp."""
    order_type = terms.get("order_type") or ("LIMIT" if terms.get("price_ticks") else "MARKET")
    is_budgeted = order_type in _MARKET_KINDS and terms.get("side", "BUY") == "BUY"
    return {
        "account_id": name,
        "client_order_id": name,
        "side": "BUY",
        "order_type": order_type,
        "time_in_force": "GTC",
        "price_ticks": 0,
        "stop_price_ticks": 0,
        "quantity_lots": 0,
        "quote_quantity_units": 0,
        "iceberg_lots": 0,
        "self_trade_prevention": "NONE",
        "budget_units": 10**9 if is_budgeted and not terms.get("quote_quantity_units") else 0,
        "reserved_price_ticks": 0,
        "hold_id": "",
        "maker_rate_ppm": 0,
        "taker_rate_ppm": 0,
    } | terms


def cancellation(name: str, **terms: Any) -> dict[str, Any]:
    """A CancelOrder but for its stamp."""
    return {
        "account_id": name,
        "order_id": 0,
        "original_client_order_id": name,
        "client_order_id": "",
        "restriction": "NONE",
        "hold_id": "",
    } | terms


def a_book(text: str, **rules: Any) -> Book:
    """A book drawn as ``bid | price | ask``, worst ask first.

    ``3, 4`` are two orders, the first one first.  Those of the highest bid 100 are ``bid-100``,
    ``bid-100b``, …; each has an account of its own name.
    """
    book = Book(**rules)
    for line in text.strip().splitlines()[1:]:
        bids, price, asks = (cell.strip() for cell in line.split("|"))
        for side, quantities in (("BUY", bids), ("SELL", asks)):
            for index, quantity in enumerate(filter(None, quantities.split(","))):
                name = f"{'bid' if side == 'BUY' else 'ask'}-{price}{' bcdef'[index].strip()}"
                book.place(name, side=side, quantity_lots=int(quantity), price_ticks=int(price))
    return book


def drawn(text: str) -> str:
    """A drawing as ``str(book)`` gives it."""
    lines = []
    for line in text.strip().splitlines()[1:]:
        bid, price, ask = (cell.strip() for cell in line.split("|"))
        lines.append(f"{bid:>5} | {price:>5} |{' ' if ask else ''}{ask}")
    return "\n".join(lines)


def told(outcome: OutcomeRecords) -> list[str]:
    """The reports of an outcome, a short line each."""
    return [tell(report) for report in outcome.reports]


def tell(report: ExecutionReport) -> str:
    """``name TYPE [STATUS] [lots@price] [left n] [reason]``."""
    words = [report["client_order_id"], report["execution_type"]]
    if report["order_status"] not in ("NONE", report["execution_type"]):
        words.append(report["order_status"])
    if report["last_price_ticks"]:
        words.append(f"{report['last_quantity_lots']}@{report['last_price_ticks']}")
    if report["leaves_quantity_lots"]:
        words.append(f"left {report['leaves_quantity_lots']}")
    words += [
        reason for reason in (report["reject_reason"], report["expiry_reason"]) if reason != "NONE"
    ]
    return " ".join(words)


def reasons(outcome: OutcomeRecords) -> list[str]:
    """Why the commands of an outcome were refused."""
    return [report["reject_reason"] for report in outcome.reports]
