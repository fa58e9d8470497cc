"""An order list on its way: one hold, two sagas, which succeed or fail together."""

from typing import Any

import pytest

from tests.streams.domain.orders_desk import Desk

Terms = dict[str, Any]
UP: Terms = {"client_order_id": "up", "price_ticks": 105, "order_type": "LIMIT_MAKER"}
DOWN: Terms = {
    "client_order_id": "down",
    "order_type": "STOP_LOSS_LIMIT",
    "stop_price_ticks": 95,
    "price_ticks": 94,
}


class ListDesk(Desk):
    """Ann's lists."""

    def place_list(self, name: str = "p1", side: str = "SELL", **terms: Any) -> list[str]:
        legs = [
            self.order("", **{"side": side, "quantity_lots": 3, **leg, **terms})
            for leg in (UP, DOWN)
        ]
        outer = {"account_id": "ann", "symbol": "AAABBB", "command_id": name, "time_ms": 500}
        both = {"list_client_order_id": f"list-{name}", "first": legs[0], "second": legs[1]}
        return self.send("PlaceOrderList", {**outer, **both})

    def both_are_new(self) -> None:
        first = {"client_order_id": "up", "order_id": 7, "order_list_id": 7}
        assert self.report("NEW", "NEW", **first) == []
        assert self.report("NEW", "NEW", **first | {"client_order_id": "down", "order_id": 8}) == []

    def states(self) -> list[str]:
        return [self.saga(name).state for name in ("p1", "p1~b")]


@pytest.fixture
def desk() -> ListDesk:
    return ListDesk()


def test_the_dearer_leg_is_reserved_once_and_both_are_submitted(desk: ListDesk) -> None:
    assert desk.place_list(side="SELL") == ["reserve 3 AAA as p1"]
    assert desk.reserved() == ["PlaceOrderList p1 to matching"]
    assert desk.states() == ["MATCHING_SUBMITTED"] * 2


def test_a_buy_reserves_for_the_higher_price() -> None:
    desk = ListDesk()
    below = UP | {"price_ticks": 90}
    above = DOWN | {"stop_price_ticks": 110, "price_ticks": 112}
    legs = [desk.order("", side="BUY", quantity_lots=3, **leg) for leg in (below, above)]
    outer = {"account_id": "ann", "symbol": "AAABBB", "command_id": "p1", "time_ms": 500}
    both = {"list_client_order_id": "", "first": legs[0], "second": legs[1]}

    assert desk.send("PlaceOrderList", {**outer, **both}) == ["reserve 336 BBB as p1"]


def test_each_report_goes_to_the_saga_of_its_order(desk: ListDesk) -> None:
    desk.place_list()
    desk.reserved()
    desk.both_are_new()
    assert desk.states() == ["COMPLETED"] * 2
    assert [desk.saga(name).order_id for name in ("p1", "p1~b")] == [7, 8]

    desk.report("EXPIRED", "EXPIRED", order_id=7, order_list_id=7, client_order_id="up")
    desk.report("TRIGGERED", "NEW", order_id=8, order_list_id=7, client_order_id="down")

    assert [desk.saga(name).order_status for name in ("p1", "p1~b")] == ["EXPIRED", "NEW"]


def test_the_second_leg_outlives_the_memory_of_the_first(desk: ListDesk) -> None:
    desk.place_list()
    desk.reserved()
    desk.both_are_new()
    desk.report("EXPIRED", "EXPIRED", order_id=7, order_list_id=7, client_order_id="up")
    desk.executions_tick(600_001)
    assert "ann p1" not in desk.orders.state.sagas

    desk.report("TRADE", "FILLED", order_id=8, order_list_id=7, client_order_id="down")

    assert desk.saga("p1~b").order_status == "FILLED"
    # Nor is its command taken for a new one.
    assert desk.place_list() == ["ORDER_STATUS FILLED"]


def test_what_cannot_be_paid_for_is_refused_twice(desk: ListDesk) -> None:
    desk.place_list()

    assert desk.refused() == ["REJECTED REJECTED INSUFFICIENT_BALANCE"] * 2
    assert desk.states() == ["FAILED"] * 2
    assert desk.place_list("p2") == ["reserve 3 AAA as p2"], "the names are free again"


def test_a_reservation_that_does_not_come_ends_both(desk: ListDesk) -> None:
    desk.place_list()

    assert desk.no_reservation() == [
        "release p1",
        *["REJECTED REJECTED RESERVATION_TIMED_OUT"] * 2,
    ]
    assert desk.states() == ["FAILED"] * 2
    assert desk.reserved() == ["release p1"], "it came too late"


def test_what_matching_refuses_fails_both(desk: ListDesk) -> None:
    desk.place_list()
    desk.reserved()

    for name in ("up", "down"):
        refusal = {"order_id": 0, "client_order_id": name, "reject_reason": "ORDER_LIST_PRICES"}
        assert desk.report("REJECTED", "REJECTED", **refusal) == []

    assert desk.states() == ["FAILED"] * 2


def test_what_matching_never_had_is_given_back(desk: ListDesk) -> None:
    desk.place_list()
    desk.reserved()

    asked = desk.executions_tick(30_001)
    assert asked == ["CancelOrder p1~x to matching", "CancelOrder p1~b~x to matching"]

    answer = {"order_id": 0, "reject_reason": "UNKNOWN_ORDER", "hold_id": ""}
    ended = desk.report("CANCEL_REJECTED", "REJECTED", **answer, command_id="p1~b~x")
    assert ended == ["release p1", *["REJECTED REJECTED MATCHING_TIMED_OUT"] * 2]
    assert desk.states() == ["FAILED"] * 2
    assert desk.report("CANCEL_REJECTED", "REJECTED", **answer, command_id="p1~x") == []


def test_a_cancel_waits_for_either_leg(desk: ListDesk) -> None:
    desk.place_list()

    assert desk.cancel("c1", original_client_order_id="down") == []
    assert desk.cancel("c2", original_client_order_id="up") == []
    assert desk.reserved() == [
        "PlaceOrderList p1 to matching",
        "CancelOrder c2 to matching",
        "CancelOrder c1 to matching",
    ]


def test_a_replacement_of_a_leg_does_not_wait_for_it(desk: ListDesk) -> None:
    desk.place_list()
    desk.replace("r1", "x", client_order_id="new")
    command = desk.saga("r1")
    assert command.state == "STARTED"

    assert desk.reserved("r1") == ["CancelReplaceOrder r1 to matching"]


@pytest.mark.parametrize("name", ["up", "down"])
def test_a_name_that_is_taken_is_refused(desk: ListDesk, name: str) -> None:
    desk.place("p0", client_order_id=name)

    assert desk.place_list() == ["REJECTED REJECTED DUPLICATE_CLIENT_ORDER_ID"] * 2


def test_legs_that_make_no_list_are_refused_before_any_money_moves(desk: ListDesk) -> None:
    assert (
        desk.place_list(client_order_id="same")
        == ["REJECTED REJECTED UNSUPPORTED_ORDER_COMBINATION"] * 2
    )


def test_an_unknown_symbol_is_refused(desk: ListDesk) -> None:
    legs = [desk.order("", **leg) for leg in (UP, DOWN)]
    outer = {"account_id": "ann", "symbol": "NONESUCH", "command_id": "p1", "time_ms": 500}
    both = {"list_client_order_id": "", "first": legs[0], "second": legs[1]}

    assert (
        desk.send("PlaceOrderList", {**outer, **both}) == ["REJECTED REJECTED UNKNOWN_SYMBOL"] * 2
    )


def test_how_a_leg_stands_can_be_asked(desk: ListDesk) -> None:
    desk.place_list()

    assert desk.query(original_client_order_id="down") == ["ORDER_STATUS PENDING_NEW"]
