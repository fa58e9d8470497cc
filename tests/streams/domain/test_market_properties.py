"""Random commands: whatever comes, the market stays sound and goes on alike after a restore."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.records import ExecutionReport, OrderRow
from streams.domain.account_orders import ClosedOrder
from streams.domain.invariants import check_order_book, check_transition
from streams.domain.market import Market
from streams.domain.order import Order
from streams.domain.outcome import OutcomeRecords
from tests.streams.domain.builders import Book, cancellation, placement

ACCOUNTS = ("anna", "bert", "carl")
RULES = {
    "average_price_minutes": 2,
    "quote_units_per_tick_lot": 3,
    "base_units_per_lot": 5,
    "bid_multiplier_up_ppm": 3_000_000,
    "ask_multiplier_down_ppm": 300_000,
    "max_num_orders": 12,
    "max_num_algo_orders": 3,
    "max_num_iceberg_orders": 3,
    "max_iceberg_parts": 6,
}

lots = st.integers(1, 12)
prices = st.integers(95, 105)
accounts = st.sampled_from(ACCOUNTS)
names = st.integers(0, 40).map("order-{}".format)
modes = st.sampled_from(["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT"])


@st.composite
def placements(draw: st.DrawFn) -> dict[str, Any]:
    order_type = draw(
        st.sampled_from(
            ["LIMIT"] * 6
            + ["MARKET"] * 3
            + ["LIMIT_MAKER", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"]
        )
    )
    is_market = order_type in ("MARKET", "STOP_LOSS", "TAKE_PROFIT")
    is_gtc_only = is_market or order_type == "LIMIT_MAKER"
    by_quote = order_type == "MARKET" and draw(st.booleans())
    in_force = draw(st.sampled_from(["GTC", "GTC", "GTC", "IOC", "FOK"]))
    may_hide = not is_market and (is_gtc_only or in_force == "GTC")
    return placement(
        draw(names),
        account_id=draw(accounts),
        side=draw(st.sampled_from(["BUY", "SELL"])),
        order_type=order_type,
        time_in_force="GTC" if is_gtc_only else in_force,
        price_ticks=0 if is_market else draw(prices),
        stop_price_ticks=draw(prices) if "_LOSS" in order_type or "_PROFIT" in order_type else 0,
        quantity_lots=0 if by_quote else draw(lots),
        quote_quantity_units=draw(st.integers(1, 6_000)) if by_quote else 0,
        iceberg_lots=draw(st.integers(0, 4)) if may_hide else 0,
        self_trade_prevention=draw(modes),
        budget_units=draw(st.integers(300, 5_000)) if is_market else 0,
        maker_rate_ppm=1_000,
        taker_rate_ppm=2_000,
    )


@st.composite
def changes(draw: st.DrawFn) -> dict[str, Any]:
    return cancellation(draw(names), account_id=draw(accounts)) | {
        "restriction": draw(st.sampled_from(["NONE", "NONE", "ONLY_NEW", "ONLY_PARTIALLY_FILLED"]))
    }


@st.composite
def amendments(draw: st.DrawFn) -> dict[str, Any]:
    command = draw(changes()) | {"quantity_lots": draw(lots)}
    command["client_order_id"] = draw(st.sampled_from(["", "order-7", "order-41"]))
    del command["restriction"], command["hold_id"]
    return command


@st.composite
def replacements(draw: st.DrawFn) -> dict[str, Any]:
    cancel, place = draw(changes()), draw(placements())
    mode = draw(st.sampled_from(["STOP_ON_FAILURE", "ALLOW_FAILURE"]))
    return {"account_id": cancel["account_id"], "mode": mode, "cancel": cancel, "place": place}


commands = st.one_of(
    *[st.tuples(st.just("PlaceOrder"), placements())] * 6,
    st.tuples(st.just("CancelOrder"), changes()),
    st.tuples(st.just("AmendOrder"), amendments()),
    st.tuples(st.just("CancelReplaceOrder"), replacements()),
    st.tuples(st.just("Tick"), st.just({})),
)
scripts = st.lists(
    st.tuples(commands, st.sampled_from([0, 0, 0, 1, 30_000])), min_size=1, max_size=60
)


class Conservation:
    """Follows every order through its reports: what it asked for goes somewhere."""

    def __init__(self) -> None:
        self.last: dict[int, ExecutionReport] = {}
        self.asked: dict[int, int] = {}
        self.filled: dict[int, int] = defaultdict(int)
        self.reduced: dict[int, int] = defaultdict(int)

    def follow(self, reports: Iterable[ExecutionReport]) -> None:
        for report in reports:
            order_id = report["order_id"]
            if report["side"] == "NONE" or report["execution_type"] == "REJECTED":
                continue
            before = self.last.get(order_id)
            assert check_transition(before, report) == []
            if before is None:
                self.asked[order_id] = report["quantity_lots"]
            else:
                self.reduced[order_id] += before["quantity_lots"] - report["quantity_lots"]
            self.filled[order_id] += report["last_quantity_lots"]
            self.last[order_id] = report
            self._check(report)

    def _check(self, report: ExecutionReport) -> None:
        order_id = report["order_id"]
        assert self.filled[order_id] == report["cumulative_quantity_lots"]
        if report["quote_quantity_units"]:
            assert report["cumulative_quote_units"] <= report["quote_quantity_units"]
            return
        gone = self.filled[order_id] + report["prevented_quantity_lots"] + self.reduced[order_id]
        left = report["leaves_quantity_lots"]
        if report["order_status"] in ("CANCELED", "EXPIRED"):
            assert left == 0 <= self.asked[order_id] - gone
        else:
            assert gone + left == self.asked[order_id]
        if (
            report["order_type"] in ("MARKET", "STOP_LOSS", "TAKE_PROFIT")
            and report["side"] == "BUY"
        ):
            assert report["cumulative_quote_units"] <= report["budget_units"]


def outcomes(book: Book, script: list[Any]) -> Iterable[OutcomeRecords]:
    for (kind, command), pause_ms in script:
        book.now_ms += pause_ms
        inner = {
            name: book._stamp(command[name]) for name in ("cancel", "place") if name in command
        }
        yield book.apply(kind, **command | inner)


@settings(max_examples=150)
@given(scripts)
def test_any_commands_leave_a_sound_market(script: list[Any]) -> None:
    book = Book(**RULES, closed_limit=8)
    conservation = Conservation()
    executions = updates = trades = 0

    for outcome in outcomes(book, script):
        conservation.follow(outcome.reports)
        for report in outcome.reports:
            executions += 1
            assert report["execution_id"] == executions
        for trade in outcome.trades:
            trades += 1
            assert trade["trade_id"] == trades
        if outcome.depth is not None:
            assert outcome.depth["first_update_id"] == updates + 1
            updates = outcome.depth["last_update_id"]
            changed = len(outcome.depth["bids"]) + len(outcome.depth["asks"])
            assert outcome.depth["first_update_id"] + changed == updates + 1
        assert check_order_book(book.market.state) == []


@settings(max_examples=100)
@given(scripts)
def test_depth_updates_alone_rebuild_the_book(script: list[Any]) -> None:
    book = Book(**RULES)
    sides: dict[str, dict[int, int]] = {"bids": {}, "asks": {}}

    for outcome in outcomes(book, script):
        for name, levels in sides.items():
            for level in cast(Any, outcome.depth or {}).get(name, ()):
                levels[level["price_ticks"]] = level["quantity_lots"]
        bids = sorted((level for level in sides["bids"].items() if level[1]), reverse=True)
        asks = sorted(level for level in sides["asks"].items() if level[1])
        assert book.market.depth() == (bids, asks)


class Tables:
    """Rows as a stage keeps them: written from what ``take_changes`` says."""

    def __init__(self) -> None:
        self.orders: dict[int, OrderRow] = {}
        self.closed: dict[str, Any] = {}
        self.symbol_row: Any = None

    def write(self, market: Market) -> None:
        changes = market.take_changes()
        for order_id, order in changes.orders.items():
            if order is None:
                del self.orders[order_id]
            else:
                self.orders[order_id] = order.to_row()
        for key, row in changes.closed.items():
            if row is None:
                self.closed.pop(key, None)
            else:
                self.closed[key] = row.to_row()
        self.symbol_row = changes.symbol_row or self.symbol_row


@settings(max_examples=100)
@given(scripts, st.integers(0, 60), st.integers(1, 7))
def test_a_restored_market_goes_on_alike(script: list[Any], cut: int, round_size: int) -> None:
    book = Book(**RULES, closed_limit=8)
    tables = Tables()
    for number, _ in enumerate(outcomes(book, script[:cut])):
        if number % round_size == 0:
            tables.write(book.market)
    tables.write(book.market)
    restored = Book(**RULES, closed_limit=8)
    restored.market = Market.restore(
        book.instrument,
        tables.symbol_row,
        [Order.from_row(row) for row in sorted(tables.orders.values(), key=repr)],
        [ClosedOrder.from_row(row) for row in sorted(tables.closed.values(), key=repr)],
        closed_limit=8,
    )
    restored.now_ms, restored._commands = book.now_ms, book._commands
    assert check_order_book(restored.market.state) == []
    assert restored.market.state_hash() == book.market.state_hash()
    assert not restored.market.take_changes().orders

    rest = script[cut:]

    for expected, outcome in zip(outcomes(book, rest), outcomes(restored, rest), strict=True):
        assert outcome.reports == expected.reports
        assert outcome.trades == expected.trades
        assert outcome.depth == expected.depth
    assert restored.market.state_hash() == book.market.state_hash()
