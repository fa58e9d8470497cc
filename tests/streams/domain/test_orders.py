"""The placement saga, step by step, and the commands on what was placed (``ORDERS.md``)."""

from itertools import product
from typing import get_args

import pytest

from schemas.codec import encode
from schemas.enums import SAGA_STATES
from streams.domain.orders import Orders
from streams.domain.saga import TRANSITIONS, Saga, SagaEvent
from tests.streams.domain.orders_desk import RULES, Desk

BUY = {"side": "BUY", "quantity_lots": 5, "price_ticks": 10}


def a_resting_order() -> Desk:
    desk = Desk()
    desk.place(**BUY)
    desk.reserved()
    desk.report("NEW", "NEW", quantity_lots=5, leaves_quantity_lots=5)
    return desk


@pytest.mark.parametrize(("state", "event"), list(product(SAGA_STATES, get_args(SagaEvent))))
def test_every_pair_of_state_and_event(state: str, event: SagaEvent) -> None:
    saga = Saga("p", "ann", "AAABBB", "c", 0, b"")
    saga.state = state  # type: ignore[assignment]

    happened = saga.happens(event)

    expected = TRANSITIONS.get((state, event))  # type: ignore[call-overload]
    assert happened == (expected is not None)
    assert saga.state == (expected or state)
    # What may be with matching is never given up because of money or of time.
    is_lost = event in ("REJECTED", "LOST")
    assert (expected == "FAILED") <= (is_lost == (state == "MATCHING_SUBMITTED"))


def test_an_order_is_reserved_submitted_and_accepted() -> None:
    desk = Desk()

    assert desk.place(**BUY) == ["reserve 50 BBB as p1"]
    assert desk.saga().state == "STARTED"
    assert desk.reserved() == ["PlaceOrder p1 paid by p1 to matching"]
    assert desk.saga().state == "MATCHING_SUBMITTED"
    assert desk.report("NEW", "NEW") == []
    assert desk.saga().state == "COMPLETED"
    assert desk.steps() == [
        "WalletReserveFundsCommand",
        "FundsReservedEvent",
        "PlaceOrder",
        "OrderAcceptedEvent",
    ]


def test_without_money_it_is_rejected_with_the_wallets_reason() -> None:
    desk = Desk()
    desk.place(**BUY)

    assert desk.refused() == ["REJECTED REJECTED INSUFFICIENT_BALANCE"]
    assert desk.saga().state == "FAILED"
    assert desk.query(original_client_order_id="my-p1") == ["REJECTED REJECTED UNKNOWN_ORDER"]


def test_what_matching_rejects_has_failed_and_matching_has_released_it() -> None:
    desk = Desk()
    desk.place(**BUY)
    desk.reserved()

    assert desk.report("REJECTED", "REJECTED", order_id=0, reject_reason="SYMBOL_HALTED") == []
    assert desk.saga().state == "FAILED"
    assert desk.steps()[-1] == "OrderRejectedEvent"


def test_what_matching_does_not_know_the_symbol_of_has_failed_too() -> None:
    desk = Desk()
    desk.place(**BUY)
    desk.reserved()

    # Such a report has no number; matching releases the hold with it all the same.
    unknown = {"execution_id": 0, "order_id": 0, "reject_reason": "UNKNOWN_SYMBOL"}
    assert desk.report("REJECTED", "REJECTED", **unknown) == []
    assert desk.saga().state == "FAILED"
    assert desk.report("REJECTED", "REJECTED", **unknown) == []
    assert desk.steps().count("OrderRejectedEvent") == 1
    assert desk.executions_tick(100_000) == []


def test_a_reservation_that_times_out_is_given_back_whenever_it_comes() -> None:
    desk = Desk()
    desk.place(**BUY)

    assert desk.no_reservation() == ["release p1", "REJECTED REJECTED RESERVATION_TIMED_OUT"]
    assert desk.no_reservation() == []
    assert desk.reserved() == ["release p1"]
    assert desk.saga().state == "FAILED"


def test_a_hold_that_was_there_before_pays_for_nothing() -> None:
    """This stage asks once: the wallet remembers an order that was forgotten here."""
    desk = Desk()
    desk.place(**BUY)

    assert desk.reserved(is_repeat=True) == ["REJECTED REJECTED COMMAND_ID_REUSED"]
    assert desk.reserved() == ["release p1"]


def test_a_client_order_id_that_an_amendment_took_finds_the_amended_order() -> None:
    desk = a_resting_order()
    desk.place("p2", **BUY, client_order_id="n")
    desk.reserved("p2")

    desk.report("REPLACED", "NEW", client_order_id="n", original_client_order_id="my-p1")
    assert desk.query(original_client_order_id="n") == ["ORDER_STATUS NEW"]
    desk.report("REJECTED", "REJECTED", hold="p2", order_id=0, reject_reason="NO_LIQUIDITY")
    assert desk.query(original_client_order_id="n") == ["ORDER_STATUS NEW"]


def test_an_amendment_sent_again_finds_the_order_that_it_renamed() -> None:
    desk = a_resting_order()
    terms = {"original_client_order_id": "my-p1", "client_order_id": "n", "quantity_lots": 2}
    assert desk.amend("a1", **terms) == ["AmendOrder a1 to matching"]
    names = {"client_order_id": "n", "original_client_order_id": "my-p1", "command_id": "a1"}
    desk.report("REPLACED", "NEW", **names)

    assert desk.amend("a1", **terms) == ["ORDER_STATUS NEW"]


def test_a_second_answer_of_the_wallet_changes_nothing() -> None:
    desk = a_resting_order()

    assert desk.reserved() == []
    assert desk.refused() == []
    assert desk.no_reservation() == []
    assert desk.saga().state == "COMPLETED"


def test_matching_that_does_not_answer_is_sent_a_cancel_behind_the_order() -> None:
    desk = Desk(timeout_ms=30_000)
    desk.place(**BUY)
    desk.reserved()

    assert desk.executions_tick(30_000) == []
    assert desk.executions_tick(1) == ["CancelOrder p1~x to matching"]
    assert desk.executions_tick(30_000) == []
    assert desk.executions_tick(1) == ["CancelOrder p1~x to matching"]
    assert desk.saga().state == "MATCHING_SUBMITTED"


def test_that_cancel_means_no_other_order_that_has_taken_the_name() -> None:
    desk = Desk()
    desk.place(**BUY)
    desk.reserved()
    desk.now += 30_001

    (cancel,) = desk.orders.executions_tick(desk.now)

    assert cancel.record["hold_id"] == "p1"


def test_these_cancels_come_in_one_order_after_a_restart_too() -> None:
    orders = Orders(RULES, timeout_ms=30_000)
    for name in ("p2", "p10"):
        order = Desk().order(name, **BUY)
        orders.command("PlaceOrder", order, encode("PlaceOrder", order), 1_000)
        event = {"account_id": "ann", "command_id": name, "is_repeat": False}
        orders.reservation("FundsReservedEvent", event)
    restored = Orders.restore(RULES, orders.state.rows(), timeout_ms=30_000)

    cancels = orders.executions_tick(31_001)
    assert [each.record["command_id"] for each in cancels] == ["p10~x", "p2~x"]
    assert restored.executions_tick(31_001) == cancels


def test_a_fill_before_that_cancel_counts() -> None:
    desk = Desk()
    desk.place(**BUY)
    desk.reserved()
    desk.executions_tick(30_001)
    desk.report("NEW", "NEW")
    desk.report("TRADE", "PARTIALLY_FILLED", cumulative_quantity_lots=2)

    assert desk.report("CANCELED", "CANCELED", command_id="p1~x") == []
    assert desk.saga().state == "COMPLETED"
    assert desk.saga().order_status == "CANCELED"
    assert desk.executions_tick(100_000) == []


def test_an_order_that_never_arrived_is_given_back_when_matching_says_so() -> None:
    desk = Desk()
    desk.place(**BUY)
    desk.reserved()
    desk.executions_tick(30_001)
    unknown = {"command_id": "p1~x", "reject_reason": "UNKNOWN_ORDER", "order_id": 0}

    answer = desk.report("CANCEL_REJECTED", "REJECTED", hold="", **unknown)

    assert answer == ["release p1", "REJECTED REJECTED MATCHING_TIMED_OUT"]
    assert desk.saga().state == "FAILED"


def test_the_cancel_of_an_order_that_was_filled_meanwhile_gives_nothing_back() -> None:
    desk = Desk()
    desk.place(**BUY)
    desk.reserved()
    desk.executions_tick(30_001)
    desk.report("NEW", "NEW")
    desk.report("TRADE", "FILLED")
    unknown = {"command_id": "p1~x", "reject_reason": "UNKNOWN_ORDER", "order_id": 0}

    assert desk.report("CANCEL_REJECTED", "REJECTED", hold="", **unknown) == []
    assert desk.saga().state == "COMPLETED"


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"symbol": "NOWHERE"}, "UNKNOWN_SYMBOL"),
        ({"quantity_lots": 0}, "QUANTITY_NOT_POSITIVE"),
        ({"quantity_lots": -1}, "QUANTITY_NOT_POSITIVE"),
        ({"price_ticks": 2**62}, "AMOUNT_OVERFLOW"),
        ({"order_type": "MARKET", "price_ticks": 0}, "MISSING_BUDGET"),
        ({"client_order_id": ""}, "UNSUPPORTED_ORDER_COMBINATION"),
    ],
)
def test_what_no_market_would_take_reserves_nothing(terms: dict[str, object], reason: str) -> None:
    desk = Desk()

    assert desk.place(**{**BUY, **terms}) == [f"REJECTED REJECTED {reason}"]
    assert not desk.orders.state.sagas


def test_the_order_goes_on_at_the_instruments_rates() -> None:
    desk = Desk()
    command = desk.order("p1", maker_rate_ppm=77, reserved_price_ticks=1, hold_id="mine", **BUY)
    desk.send("PlaceOrder", command)

    event = {"account_id": "ann", "command_id": "p1", "is_repeat": False}
    (sent,) = desk.orders.reservation("FundsReservedEvent", event)

    assert sent.record == command | {
        "maker_rate_ppm": 0,
        "taker_rate_ppm": 0,
        "reserved_price_ticks": 10,
        "hold_id": "p1",
    }


class TestRepeats:
    def test_a_placement_again_is_answered_with_how_its_order_stands(self) -> None:
        desk = Desk()
        desk.place(**BUY)
        assert desk.place(**BUY) == ["ORDER_STATUS PENDING_NEW"]
        assert desk.place(**BUY, time_ms=900) == ["ORDER_STATUS PENDING_NEW"]
        desk.refused()
        assert desk.place(**BUY) == ["ORDER_STATUS REJECTED INSUFFICIENT_BALANCE"]

    def test_other_content_under_its_id_is_refused(self) -> None:
        desk = a_resting_order()
        assert desk.place(**BUY | {"price_ticks": 11}) == ["REJECTED REJECTED COMMAND_ID_REUSED"]
        reused = desk.cancel("p1", order_id=7)
        assert reused == ["CANCEL_REJECTED REJECTED COMMAND_ID_REUSED"]

    def test_one_client_order_id_is_one_order_and_the_answer_says_which(self) -> None:
        desk = Desk()
        desk.place("p1", **BUY, client_order_id="c")
        assert desk.place("p2", **BUY, client_order_id="c") == [
            "REJECTED REJECTED DUPLICATE_CLIENT_ORDER_ID"
        ]
        desk.reserved()
        desk.report("NEW", "NEW", client_order_id="c")
        assert desk.place("p3", **BUY, client_order_id="c") == [
            "REJECTED REJECTED DUPLICATE_CLIENT_ORDER_ID see 7"
        ]

    def test_the_client_order_id_of_a_rejected_order_is_free_again(self) -> None:
        desk = Desk()
        desk.place("p1", **BUY, client_order_id="c")
        desk.refused()
        assert desk.place("p2", **BUY, client_order_id="c") == ["reserve 50 BBB as p2"]

    def test_a_cancel_again_is_not_sent_again(self) -> None:
        desk = a_resting_order()
        assert desk.cancel("c1", order_id=7) == ["CancelOrder c1 to matching"]
        assert desk.cancel("c1", order_id=7) == ["ORDER_STATUS NEW"]
        assert desk.cancel("c1", order_id=8) == ["CANCEL_REJECTED REJECTED COMMAND_ID_REUSED"]

    def test_what_is_closed_is_forgotten_after_ten_minutes_and_what_is_open_never(self) -> None:
        desk = a_resting_order()
        desk.place("p2", **BUY)
        desk.refused("p2")
        desk.cancel("c1", order_id=7)
        desk.now += 599_000
        assert desk.place("p2", **BUY) == ["ORDER_STATUS REJECTED INSUFFICIENT_BALANCE"]
        desk.now += 2_000
        assert desk.place("p2", **BUY) == ["reserve 50 BBB as p2"]
        assert desk.place("p1", **BUY) == ["ORDER_STATUS NEW"]
        assert desk.cancel("c1", order_id=7) == ["CancelOrder c1 to matching"]


class TestChanges:
    def test_a_command_on_an_order_without_its_money_waits_behind_it(self) -> None:
        desk = Desk()
        desk.place(**BUY)
        assert desk.cancel("c1", original_client_order_id="my-p1") == []
        assert desk.amend("a1", original_client_order_id="my-p1", quantity_lots=2) == []
        assert desk.reserved() == [
            "PlaceOrder p1 paid by p1 to matching",
            "CancelOrder c1 to matching",
            "AmendOrder a1 to matching",
        ]

    def test_no_more_wait_than_a_row_can_hold(self) -> None:
        desk = Desk()
        desk.place(**BUY)
        for number in range(20):
            assert desk.cancel(f"c{number}", original_client_order_id="my-p1") == []
        assert desk.cancel("c20", original_client_order_id="my-p1") == [
            "CANCEL_REJECTED REJECTED TOO_MANY_WAITING"
        ]

    def test_what_waited_for_an_order_that_was_not_to_be_is_refused(self) -> None:
        desk = Desk()
        desk.place(**BUY)
        desk.cancel("c1", original_client_order_id="my-p1")
        assert desk.refused() == [
            "REJECTED REJECTED INSUFFICIENT_BALANCE",
            "CANCEL_REJECTED REJECTED UNKNOWN_ORDER",
        ]

    @pytest.mark.parametrize(
        "terms",
        [
            {"order_id": 8},
            {"order_id": 7, "account_id": "bob"},
            {"order_id": 7, "original_client_order_id": "other"},
            {"original_client_order_id": "other"},
        ],
    )
    def test_of_what_is_not_known_here_matching_is_asked(self, terms: dict[str, object]) -> None:
        # It knows whose an order is; and its report of it may not have come here yet.
        desk = a_resting_order()
        assert desk.cancel("c1", **terms) == ["CancelOrder c1 to matching"]

    def test_a_repeat_of_that_is_not_asked_again(self) -> None:
        desk = Desk()
        desk.place(**BUY)
        desk.reserved()
        amend = {"order_id": 7, "quantity_lots": 3}
        assert desk.amend("a1", **amend) == ["AmendOrder a1 to matching"]
        assert desk.amend("a1", **amend) == ["ORDER_STATUS NONE UNKNOWN_ORDER"]
        desk.report("NEW", "NEW", quantity_lots=5, leaves_quantity_lots=5)
        assert desk.amend("a1", **amend) == ["ORDER_STATUS NEW"]

    def test_a_closed_order_is_not_canceled_but_still_known(self) -> None:
        desk = a_resting_order()
        desk.report("TRADE", "FILLED", last_quantity_lots=5, trade_id=3, commission_units=1)
        assert desk.cancel("c1", order_id=7) == ["CANCEL_REJECTED REJECTED UNKNOWN_ORDER"]
        assert desk.query(order_id=7) == ["ORDER_STATUS FILLED"]

    def test_an_amended_client_order_id_finds_the_order(self) -> None:
        desk = a_resting_order()
        desk.report("REPLACED", "NEW", client_order_id="new", original_client_order_id="my-p1")
        assert desk.query(original_client_order_id="new") == ["ORDER_STATUS NEW"]
        assert desk.query(original_client_order_id="my-p1") == ["REJECTED REJECTED UNKNOWN_ORDER"]

    def test_a_report_that_came_before_changes_nothing(self) -> None:
        desk = a_resting_order()
        desk.report("TRADE", "PARTIALLY_FILLED")
        desk.report("NEW", "NEW", execution_id=1)
        assert desk.query(order_id=7) == ["ORDER_STATUS PARTIALLY_FILLED"]


def test_a_halt_goes_to_matching_and_a_tick_goes_round_by_the_wallet() -> None:
    desk = Desk()
    halt = {"command_id": "h", "account_id": "operator", "symbol": "AAABBB", "time_ms": 1}

    assert desk.send("SetSymbolStatus", {**halt, "status": "HALT"}) == [
        "SetSymbolStatus h to matching"
    ]
    assert [*map(tuple, desk.orders.tick(5_000))] == [("wallet", "Tick", {"time_ms": 5_000})]
