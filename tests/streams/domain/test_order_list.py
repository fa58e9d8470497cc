"""One cancels the other: what each leg's end does to the other, in a market."""

from typing import Any

from schemas.records import ExecutionReport
from streams.domain.market import Market
from streams.domain.order import Order
from tests.simulation.builders import NOON_MS, a_cancel, a_place, an_amend
from tests.streams.domain.builders import PERMISSIVE


class Lists:
    """A market with a bid at 90 and an ask at 110, and ann's list between them."""

    def __init__(self) -> None:
        self.market = Market(PERMISSIVE)
        self.apply("PlaceOrder", self.order("bob", "bid", side="BUY", price_ticks=90))
        self.apply("PlaceOrder", self.order("bob", "ask", side="SELL", price_ticks=110))

    def order(self, account: str, name: str, **terms: Any) -> Any:
        about = {"account_id": account, "symbol": PERMISSIVE.symbol, "client_order_id": name}
        return a_place(**{**about, "quantity_lots": 10, **terms})

    def apply(self, kind: str, command: Any) -> list[ExecutionReport]:
        return self.market.apply(kind, command).as_records().reports

    def legs(self, **terms: Any) -> tuple[Any, Any]:
        """Sell ten at 105, or, when it falls to 95, at 94 or better."""
        common = {"side": "SELL", "hold_id": "ann-pays", **terms}
        first = self.order("ann", "up", price_ticks=105, order_type="LIMIT_MAKER", **common)
        stop = {"order_type": "STOP_LOSS_LIMIT", "stop_price_ticks": 95, "price_ticks": 94}
        return first, self.order("ann", "down", **stop, **common)

    def place(self, first: Any = None, second: Any = None) -> list[ExecutionReport]:
        legs = self.legs()
        outer = {"command_id": "list", "account_id": "ann", "symbol": PERMISSIVE.symbol}
        return self.apply(
            "PlaceOrderList",
            {
                **outer,
                "list_client_order_id": "mine",
                "first": first or legs[0],
                "second": second or legs[1],
                "time_ms": NOON_MS,
            },
        )

    def open_of(self, account: str) -> list[str]:
        self.restore()
        orders = self.market.state.book.orders.values()
        return sorted(order.client_order_id for order in orders if order.account_id == account)

    def restore(self) -> None:
        """Go on from rows, as after a crash."""
        state = self.market.state
        orders = [Order.from_row(order.to_row()) for order in state.book.orders.values()]
        restored = Market.restore(PERMISSIVE, state.row(), orders, [])
        self.market = restored


def told(reports: list[ExecutionReport]) -> list[str]:
    return [
        " ".join(
            [report["client_order_id"], report["execution_type"], report["order_status"]]
            + [why for why in (report["expiry_reason"], report["reject_reason"]) if why != "NONE"]
        )
        for report in reports
    ]


def test_both_are_accepted_under_one_id() -> None:
    lists = Lists()

    reports = lists.place()

    assert told(reports) == ["up NEW NEW", "down NEW NEW"]
    assert [report["order_list_id"] for report in reports] == [3, 3]
    assert [report["is_working"] for report in reports] == [True, False]
    assert lists.open_of("ann") == ["down", "up"]


def test_a_fill_in_part_ends_the_other_before_it_is_told() -> None:
    lists = Lists()
    lists.place()
    lists.restore()

    reports = lists.apply("PlaceOrder", lists.order("eve", "buy", price_ticks=105, quantity_lots=4))

    assert told(reports) == [
        "buy NEW NEW",
        "down EXPIRED EXPIRED OCO_TRIGGER",
        "up TRADE PARTIALLY_FILLED",
        "buy TRADE FILLED",
    ]
    assert lists.open_of("ann") == ["up"]


def test_a_trigger_ends_the_other_first() -> None:
    lists = Lists()
    lists.place()
    lists.restore()
    lists.apply("PlaceOrder", lists.order("eve", "low", side="SELL", price_ticks=95))

    reports = lists.apply("PlaceOrder", lists.order("eve2", "buy", price_ticks=95, quantity_lots=1))

    assert told(reports)[3:] == [
        "up EXPIRED EXPIRED OCO_TRIGGER",
        "down TRIGGERED NEW",
    ]
    assert lists.open_of("ann") == ["down"]


def test_a_leg_that_is_reached_after_the_other_has_traded_is_not_triggered() -> None:
    lists = Lists()
    # A stop with a lower id is triggered first, and buys what the list offers.
    lists.apply(
        "PlaceOrder",
        lists.order(
            "eve", "stop", order_type="TAKE_PROFIT", price_ticks=0, stop_price_ticks=95,
            budget_units=10**9,
        ),
    )  # fmt: skip
    lists.place()
    lists.apply("PlaceOrder", lists.order("bob", "low", side="SELL", price_ticks=95))

    reports = lists.apply("PlaceOrder", lists.order("joe", "buy", price_ticks=95, quantity_lots=10))

    assert told(reports)[3:] == [
        "stop TRIGGERED NEW",
        "down EXPIRED EXPIRED OCO_TRIGGER",
        "up TRADE FILLED",
        "stop TRADE FILLED",
    ]
    assert lists.open_of("ann") == []


def test_to_cancel_one_is_to_cancel_both() -> None:
    for name, other in (("up", "down"), ("down", "up")):
        lists = Lists()
        lists.place()
        cancel = a_cancel(
            account_id="ann",
            symbol=PERMISSIVE.symbol,
            original_client_order_id=name,
            client_order_id="no",
        )

        reports = lists.apply("CancelOrder", cancel)

        assert told(reports) == ["no CANCELED CANCELED OCO_TRIGGER", "no CANCELED CANCELED"]
        assert [report["original_client_order_id"] for report in reports] == [other, name]
        assert lists.open_of("ann") == []


def test_a_leg_is_not_amended_while_the_other_is_open() -> None:
    lists = Lists()
    lists.place()
    amend = an_amend(
        account_id="ann", symbol=PERMISSIVE.symbol, original_client_order_id="up", quantity_lots=5
    )

    assert told(lists.apply("AmendOrder", amend)) == [
        "up AMEND_REJECTED NEW UNSUPPORTED_ORDER_COMBINATION"
    ]


def test_none_is_accepted_where_one_is_refused() -> None:
    lists = Lists()
    _, second = lists.legs()

    reports = lists.place(second=second | {"stop_price_ticks": 0})

    assert told(reports) == [
        "up REJECTED REJECTED ORDER_LIST_REJECTED",
        "down REJECTED REJECTED PRICE_NOT_POSITIVE",
    ]
    assert lists.open_of("ann") == []


def test_prices_on_one_side_of_the_market_are_no_list() -> None:
    lists = Lists()
    _, second = lists.legs()

    reports = lists.place(second=second | {"order_type": "TAKE_PROFIT_LIMIT"})

    assert told(reports) == ["up REJECTED REJECTED ORDER_LIST_PRICES"] + [
        "down REJECTED REJECTED ORDER_LIST_PRICES"
    ]


def test_sides_or_quantities_that_differ_are_no_list() -> None:
    for change in ({"quantity_lots": 9}, {"client_order_id": "up"}, {"hold_id": "another"}):
        lists = Lists()
        _, second = lists.legs()

        reports = lists.place(second=second | change)

        assert {report["reject_reason"] for report in reports} == {"UNSUPPORTED_ORDER_COMBINATION"}


def test_self_trade_prevention_ends_the_other_as_well() -> None:
    lists = Lists()
    lists.place()

    reports = lists.apply(
        "PlaceOrder",
        lists.order("ann", "own", price_ticks=105, self_trade_prevention="EXPIRE_MAKER"),
    )

    assert told(reports) == [
        "own NEW NEW",
        "down EXPIRED EXPIRED OCO_TRIGGER",
        "up TRADE_PREVENTION EXPIRED_IN_MATCH",
    ]
