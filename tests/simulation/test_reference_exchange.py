"""The twin against examples worked out by hand, so that two engines cannot be wrong alike."""

from typing import Any

from tests.simulation.builders import (
    NOON_MS,
    a_cancel,
    a_cancel_replace,
    a_market_order,
    a_place,
    an_amend,
)
from tests.simulation.instruments import an_instrument
from tests.simulation.reference_exchange import ReferenceExchange

DAY_MS = 86_400_000


class Exchange:
    """One symbol of a twin, and short ways to say what came out."""

    def __init__(self, *, closed_limit: int = 100_000, **rules: Any) -> None:
        instruments = {"PLAIN": an_instrument("PLAIN", **rules)}
        self.twin = ReferenceExchange(instruments, closed_limit=closed_limit)

    def place(self, **fields: Any) -> Any:
        return self.do("PlaceOrder", a_place(**fields))

    def market(self, **fields: Any) -> Any:
        return self.do("PlaceOrder", a_market_order(**fields))

    def do(self, kind: str, command: Any) -> Any:
        self.reports, self.trades, self.depth = self.twin.apply(kind, command)
        return self.reports

    def told(self, *fields: str) -> list[tuple[Any, ...]]:
        """The named fields of the last command's reports."""
        return [tuple(report[name] for name in fields) for report in self.reports]

    def traded(self) -> list[tuple[int, int]]:
        return [(trade["quantity_lots"], trade["price_ticks"]) for trade in self.trades]

    def book(self) -> str:
        """Best first: «bids | asks», each as quantity@price."""
        bids = sorted(self.twin.visible_levels("PLAIN", "BUY").items(), reverse=True)
        asks = sorted(self.twin.visible_levels("PLAIN", "SELL").items())
        sides = [" ".join(f"{lots}@{price}" for price, lots in side) for side in (bids, asks)]
        return " | ".join(sides).strip()


def test_taker_takes_best_price_first_then_the_earlier_order():
    exchange = Exchange()
    exchange.place(side="SELL", price_ticks=102, quantity_lots=5, account_id="bob")
    exchange.place(side="SELL", price_ticks=101, quantity_lots=3, account_id="bob")
    exchange.place(side="SELL", price_ticks=101, quantity_lots=4, account_id="carol")

    exchange.place(side="BUY", price_ticks=102, quantity_lots=9)

    assert exchange.traded() == [(3, 101), (4, 101), (2, 102)]
    assert exchange.told("execution_type", "order_id", "order_status", "leaves_quantity_lots") == [
        ("NEW", 4, "NEW", 9),
        ("TRADE", 2, "FILLED", 0),
        ("TRADE", 4, "PARTIALLY_FILLED", 6),
        ("TRADE", 3, "FILLED", 0),
        ("TRADE", 4, "PARTIALLY_FILLED", 2),
        ("TRADE", 1, "PARTIALLY_FILLED", 3),
        ("TRADE", 4, "FILLED", 0),
    ]
    assert exchange.book() == "| 3@102"


def test_fill_says_amounts_and_commission_of_what_each_side_receives():
    exchange = Exchange(quote_units_per_tick_lot=10, base_units_per_lot=1_000)
    exchange.place(side="SELL", quantity_lots=7, account_id="bob", maker_rate_ppm=1_500)

    exchange.place(side="BUY", price_ticks=105, quantity_lots=7, taker_rate_ppm=333)

    # The seller receives 100 × 7 × 10 = 7 000 quote units, of which 10.5 are the venue's;
    # the buyer 7 000 base units, of which 2.331.
    fields = ("role", "last_price_ticks", "last_quote_units", "commission_units", "trade_id")
    assert exchange.told(*fields)[1:] == [("MAKER", 100, 7_000, 10, 1), ("TAKER", 100, 7_000, 2, 1)]
    assert exchange.trades == [
        {
            "trade_id": 1,
            "symbol": "PLAIN",
            "price_ticks": 100,
            "quantity_lots": 7,
            "quote_units": 7_000,
            "buyer_order_id": 2,
            "seller_order_id": 1,
            "is_buyer_maker": False,
            "command_id": exchange.reports[0]["command_id"],
            "time_ms": NOON_MS,
        }
    ]


def test_iceberg_goes_behind_others_when_it_shows_its_next_part():
    exchange = Exchange()
    exchange.place(side="SELL", quantity_lots=5, iceberg_lots=2, account_id="bob")
    exchange.place(side="SELL", quantity_lots=3, account_id="carol")
    assert exchange.book() == "| 5@100"

    exchange.place(side="BUY", quantity_lots=6)

    # Two of the iceberg, all three of carol's, one of the iceberg's second part.
    assert exchange.traded() == [(2, 100), (3, 100), (1, 100)]
    assert exchange.book() == "| 1@100"
    assert exchange.twin.order_rows("PLAIN")[0]["priority"] == 3


def test_iceberg_taken_in_pieces_shows_the_same_depth_and_so_says_nothing():
    exchange = Exchange()
    exchange.place(side="SELL", quantity_lots=6, iceberg_lots=2, account_id="bob")

    exchange.place(side="BUY", quantity_lots=4, time_in_force="IOC")

    assert exchange.traded() == [(2, 100), (2, 100)]
    assert exchange.depth is None


def test_depth_tells_changed_levels_only_bids_from_the_highest_then_asks():
    exchange = Exchange()
    exchange.place(side="SELL", price_ticks=103, quantity_lots=2, account_id="bob")
    exchange.place(side="BUY", price_ticks=99, quantity_lots=1)
    assert (exchange.depth["first_update_id"], exchange.depth["last_update_id"]) == (2, 2)

    cancel = a_cancel(order_id=2)
    exchange.do("CancelReplaceOrder", a_cancel_replace(cancel, a_place(price_ticks=104)))

    # The bid of 99 goes; the new one takes one of the two lots at 103.
    assert exchange.depth["bids"] == [{"price_ticks": 99, "quantity_lots": 0}]
    assert exchange.depth["asks"] == [{"price_ticks": 103, "quantity_lots": 1}]
    assert (exchange.depth["first_update_id"], exchange.depth["last_update_id"]) == (3, 4)


def self_trade(mode: str) -> Exchange:
    """Alice's 5 lots at 100 stand before bob's 5; alice buys 8 in the mode."""
    exchange = Exchange()
    exchange.place(side="SELL", quantity_lots=5)
    exchange.place(side="SELL", quantity_lots=5, account_id="bob")
    exchange.place(side="BUY", quantity_lots=8, self_trade_prevention=mode)
    return exchange


PREVENTION = ("execution_type", "order_id", "order_status", "prevented_quantity_lots")


def test_self_trade_none_trades():
    assert self_trade("NONE").traded() == [(5, 100), (3, 100)]


def test_self_trade_expire_taker_ends_the_taker_with_all_it_had_left():
    exchange = self_trade("EXPIRE_TAKER")

    assert exchange.told(*PREVENTION)[1:] == [("TRADE_PREVENTION", 3, "EXPIRED_IN_MATCH", 8)]
    assert exchange.book() == "| 10@100"


def test_self_trade_expire_maker_goes_on_behind_it():
    exchange = self_trade("EXPIRE_MAKER")

    assert exchange.told(*PREVENTION)[1:] == [
        ("TRADE_PREVENTION", 1, "EXPIRED_IN_MATCH", 5),
        ("TRADE", 2, "FILLED", 0),
        ("TRADE", 3, "PARTIALLY_FILLED", 0),
    ]
    assert exchange.book() == "3@100 |"


def test_self_trade_expire_both_tells_the_maker_first():
    exchange = self_trade("EXPIRE_BOTH")

    assert exchange.told(*PREVENTION, "counter_order_id", "last_price_ticks")[1:] == [
        ("TRADE_PREVENTION", 1, "EXPIRED_IN_MATCH", 5, 3, 100),
        ("TRADE_PREVENTION", 3, "EXPIRED_IN_MATCH", 8, 1, 100),
    ]
    assert exchange.book() == "| 5@100"


def test_self_trade_decrement_takes_from_both_and_goes_on():
    exchange = self_trade("DECREMENT")

    assert exchange.told(*PREVENTION)[1:] == [
        ("TRADE_PREVENTION", 1, "EXPIRED_IN_MATCH", 5),
        ("TRADE_PREVENTION", 3, "NEW", 5),
        ("TRADE", 2, "PARTIALLY_FILLED", 0),
        ("TRADE", 3, "FILLED", 5),
    ]
    assert exchange.book() == "| 2@100"


def test_decrement_counts_hidden_parts_and_keeps_the_iceberg_in_its_place():
    exchange = Exchange()
    exchange.place(side="SELL", quantity_lots=10, iceberg_lots=4)
    exchange.place(side="SELL", quantity_lots=1, account_id="bob")

    exchange.place(side="BUY", quantity_lots=7, self_trade_prevention="DECREMENT")

    assert exchange.told(*PREVENTION)[1:] == [
        ("TRADE_PREVENTION", 1, "NEW", 7),
        ("TRADE_PREVENTION", 2 + 1, "EXPIRED_IN_MATCH", 7),
    ]
    iceberg = exchange.twin.order_rows("PLAIN")[0]
    assert (iceberg["visible_lots"], iceberg["priority"]) == (3, 1)


def test_decrement_is_not_bound_by_the_budget_since_nothing_is_paid():
    exchange = Exchange()
    exchange.place(side="SELL", quantity_lots=1_000)

    exchange.market(quantity_lots=900, budget_units=100, self_trade_prevention="DECREMENT")

    # The budget pays for one lot; 900 reports on each side would be the alternative.
    assert exchange.told(*PREVENTION)[1:] == [
        ("TRADE_PREVENTION", 1, "NEW", 900),
        ("TRADE_PREVENTION", 2, "EXPIRED_IN_MATCH", 900),
    ]


def test_fill_or_kill_counts_hidden_parts_but_nothing_behind_an_own_order():
    for quantity, status in ((6, "FILLED"), (7, "EXPIRED")):
        exchange = Exchange()
        exchange.place(side="SELL", price_ticks=99, quantity_lots=4, iceberg_lots=1)
        exchange.place(side="SELL", quantity_lots=5, iceberg_lots=2)
        exchange.place(side="SELL", quantity_lots=1, account_id="bob")
        exchange.place(side="SELL", quantity_lots=9)

        # All 4 lots at 99, and at 100 only the 2 visible lots before bob's own order.
        exchange.place(
            account_id="bob",
            quantity_lots=quantity,
            time_in_force="FOK",
            self_trade_prevention="EXPIRE_BOTH",
        )

        assert exchange.reports[-1]["order_status"] == status
        assert sum(lots for lots, _ in exchange.traded()) == (6 if status == "FILLED" else 0)


def test_market_buy_stops_where_its_budget_does_not_reach():
    exchange = Exchange(market_quantity_step_lots=2)
    exchange.place(side="SELL", price_ticks=100, quantity_lots=2, account_id="bob")
    exchange.place(side="SELL", price_ticks=110, quantity_lots=9, account_id="bob")

    exchange.market(quantity_lots=8, budget_units=200 + 110 * 3)

    # Two at 100 leave 330: three lots at 110, which is one step of two.
    assert exchange.traded() == [(2, 100), (2, 110)]
    last = exchange.reports[-1]
    assert (last["order_status"], last["expiry_reason"]) == ("EXPIRED", "BUDGET_EXHAUSTED")
    assert (last["cumulative_quote_units"], last["leaves_quantity_lots"]) == (420, 0)


def test_market_order_by_quote_is_filled_when_it_cannot_pay_for_another_step():
    exchange = Exchange()
    exchange.place(side="SELL", price_ticks=100, quantity_lots=3, account_id="bob")
    exchange.place(side="SELL", price_ticks=101, quantity_lots=9, account_id="bob")

    exchange.market(quantity_lots=0, quote_quantity_units=600)

    # 300 at 100, then 300 // 101 = 2 lots at 101; 98 are left, too little for a third.
    assert exchange.traded() == [(3, 100), (2, 101)]
    assert exchange.told("order_id", "order_status", "leaves_quantity_lots")[-1] == (3, "FILLED", 0)


def test_stop_is_triggered_by_a_price_of_the_command_and_may_trigger_the_next():
    exchange = Exchange()
    exchange.place(side="BUY", price_ticks=100, quantity_lots=1, account_id="bob")
    exchange.place(side="BUY", price_ticks=98, quantity_lots=2, account_id="bob")
    stops = ((98, 1), (100, 2))
    for stop_price, quantity in stops:
        exchange.market(
            order_type="STOP_LOSS",
            side="SELL",
            stop_price_ticks=stop_price,
            quantity_lots=quantity,
            time_ms=NOON_MS,
        )

    exchange.place(side="SELL", price_ticks=100, account_id="carol", time_ms=NOON_MS + 5)

    # 100 trades: order 4 (stop 100) takes two at 98; 98 traded: order 3 finds nothing.
    assert exchange.traded() == [(1, 100), (2, 98)]
    fields = ("execution_type", "order_id", "order_status", "is_working", "working_time_ms")
    after = NOON_MS + 5
    assert exchange.told(*fields)[3:] == [
        ("TRIGGERED", 4, "NEW", True, after),
        ("TRADE", 2, "FILLED", True, NOON_MS),
        ("TRADE", 4, "FILLED", True, after),
        ("TRIGGERED", 3, "NEW", True, after),
        ("EXPIRED", 3, "EXPIRED", True, after),
    ]


def test_amend_keeps_priority_and_remembers_the_old_name():
    exchange = Exchange()
    exchange.place(side="SELL", quantity_lots=5, client_order_id="old")
    exchange.place(side="SELL", quantity_lots=5, account_id="bob")

    exchange.do("AmendOrder", an_amend(order_id=1, quantity_lots=2, client_order_id="new"))

    names = ("execution_type", "client_order_id", "original_client_order_id", "quantity_lots")
    assert exchange.told(*names) == [("REPLACED", "new", "old", 2)]
    exchange.place(client_order_id="old", price_ticks=50)
    assert exchange.told("reject_reason") == [("DUPLICATE_CLIENT_ORDER_ID",)]
    exchange.place(account_id="carol", quantity_lots=3)
    assert exchange.told("order_id", "order_status")[1::2] == [
        (1, "FILLED"),
        (2, "PARTIALLY_FILLED"),
    ]


def test_cancel_replace_stops_or_goes_on_after_a_refused_cancel():
    exchange = Exchange()
    refused = a_cancel(order_id=99)

    exchange.do("CancelReplaceOrder", a_cancel_replace(refused, a_place(), command_id="outer"))
    assert exchange.told("command_id", "execution_type", "reject_reason") == [
        ("outer", "CANCEL_REJECTED", "UNKNOWN_ORDER"),
        ("outer", "REJECTED", "CANCEL_REPLACE_STOPPED"),
    ]

    exchange.do("CancelReplaceOrder", a_cancel_replace(refused, a_place(), mode="ALLOW_FAILURE"))
    assert exchange.told("execution_type", "order_id") == [("CANCEL_REJECTED", 99), ("NEW", 1)]


def test_client_order_id_is_free_again_after_a_day_or_when_too_many_are_remembered():
    exchange = Exchange(closed_limit=2)
    for number in (1, 2, 3):
        exchange.place(client_order_id=f"name-{number}", time_in_force="IOC")

    # Three closed in one millisecond, two are remembered: the first is forgotten.
    exchange.place(client_order_id="name-1", time_in_force="IOC", time_ms=NOON_MS + DAY_MS - 1)
    assert exchange.reports[0]["execution_type"] == "NEW"
    exchange.place(client_order_id="name-3", time_ms=0)
    assert exchange.told("reject_reason", "time_ms") == [
        ("DUPLICATE_CLIENT_ORDER_ID", NOON_MS + DAY_MS - 1)
    ]
    exchange.do("Tick", {"time_ms": NOON_MS + DAY_MS})
    assert [row["client_order_id"] for row in exchange.twin.closed_rows("PLAIN")] == ["name-1"]


def test_average_price_weighs_the_minutes_of_its_window():
    exchange = Exchange(average_price_minutes=2, bid_multiplier_up_ppm=1_000_000)
    for price, quantity, minute in ((100, 3, 0), (111, 1, 1)):
        fields = {"quantity_lots": quantity, "time_ms": NOON_MS + minute * 60_000}
        exchange.place(side="SELL", price_ticks=price, **fields)
        exchange.market(account_id="bob", budget_units=1_000, **fields)

    def is_accepted(price: int, minute: int) -> bool:
        exchange.place(price_ticks=price, time_ms=NOON_MS + minute * 60_000)
        return bool(exchange.reports[0]["reject_reason"] == "NONE")

    # (3 × 100 + 1 × 111) // 4 = 102; a minute later only the 111 count.
    assert (is_accepted(102, 1), is_accepted(103, 1)) == (True, False)
    assert (is_accepted(111, 2), is_accepted(112, 2)) == (True, False)


def test_sums_of_a_minute_are_halved_before_they_would_not_fit():
    exchange = Exchange(average_price_minutes=1)
    for _ in range(2):
        exchange.place(side="SELL", price_ticks=1, quantity_lots=2**62, account_id="bob")
        exchange.place(price_ticks=1, quantity_lots=2**62)

    assert exchange.twin.symbol_row("PLAIN")["average_price_minutes"] == [
        {
            "minute": NOON_MS // 60_000,
            "quantity_lots": 2**61 + 2**62,
            "notional_tick_lots": 2**61 + 2**62,
        }
    ]


def test_unknown_symbol_is_answered_without_an_execution_id():
    exchange = Exchange()

    exchange.do("CancelReplaceOrder", a_cancel_replace(a_cancel(), a_place(), symbol="NOWHERE"))

    assert exchange.told("execution_type", "reject_reason", "execution_id", "symbol") == [
        ("CANCEL_REJECTED", "UNKNOWN_SYMBOL", 0, "NOWHERE"),
        ("REJECTED", "UNKNOWN_SYMBOL", 0, "NOWHERE"),
    ]
