"""Replacing an order: at once where there is money for both, else its cancel frees the money."""

import pytest

from tests.simulation.builders import a_cancel, a_cancel_replace
from tests.streams.domain.orders_desk import Desk
from tests.streams.domain.test_orders import BUY, a_resting_order


class TestReplacing:
    def test_with_money_for_both_matching_does_it_at_once(self) -> None:
        desk = a_resting_order()
        assert desk.replace("r1", "p1", **BUY) == ["reserve 50 BBB as r1"]
        assert desk.reserved("r1") == ["CancelReplaceOrder r1 to matching"]
        assert desk.report("CANCELED", "CANCELED", command_id="r1") == []
        assert desk.report("NEW", "NEW", hold="r1", order_id=8) == []
        assert desk.saga("r1").state == "COMPLETED"
        assert desk.saga("p1").order_status == "CANCELED"

    def test_without_it_the_cancel_frees_the_money_first(self) -> None:
        desk = a_resting_order()
        desk.replace("r1", "p1", **BUY)
        assert desk.refused("r1") == ["CancelOrder r1~c to matching"]
        assert desk.report("CANCELED", "CANCELED", command_id="r1~c") == ["reserve 50 BBB as r1~2"]
        assert desk.reserved("r1~2") == ["PlaceOrder r1 paid by r1~2 to matching"]
        assert desk.report("NEW", "NEW", hold="r1~2", order_id=8, command_id="r1") == []
        assert desk.saga("r1").state == "COMPLETED"

    @pytest.mark.parametrize(
        ("mode", "reason"),
        [
            ("STOP_ON_FAILURE", "CANCEL_REPLACE_STOPPED"),
            ("ALLOW_FAILURE", "INSUFFICIENT_BALANCE"),
        ],
    )
    def test_a_cancel_that_frees_nothing_ends_it(self, mode: str, reason: str) -> None:
        desk = a_resting_order()
        desk.replace("r1", "p1", mode, **BUY)
        desk.refused("r1")
        unknown = {"command_id": "r1~c", "reject_reason": "UNKNOWN_ORDER"}
        assert desk.report("CANCEL_REJECTED", "REJECTED", hold="", **unknown) == [
            f"REJECTED REJECTED {reason}"
        ]

    def test_a_second_refusal_ends_it(self) -> None:
        desk = a_resting_order()
        desk.replace("r1", "p1", **BUY)
        desk.refused("r1")
        desk.report("CANCELED", "CANCELED", command_id="r1~c")
        assert desk.refused("r1~2") == ["REJECTED REJECTED INSUFFICIENT_BALANCE"]
        assert desk.saga("r1").state == "FAILED"

    def test_the_answer_to_another_cancel_does_not_go_on_with_it(self) -> None:
        desk = a_resting_order()
        desk.cancel("z", order_id=7)
        assert desk.replace("z", "p1", **BUY) == [
            "CANCEL_REJECTED REJECTED COMMAND_ID_REUSED",
            "REJECTED REJECTED COMMAND_ID_REUSED",
        ]
        desk.replace("r1", "p1", **BUY)
        desk.refused("r1")
        assert desk.report("CANCELED", "CANCELED", command_id="z") == []

    def test_its_own_cancel_times_out(self) -> None:
        desk = a_resting_order()
        desk.replace("r1", "p1", **BUY)
        desk.refused("r1")
        assert desk.executions_tick(30_000) == []
        assert desk.executions_tick(1) == ["REJECTED REJECTED RESERVATION_TIMED_OUT"]
        assert desk.executions_tick(100_000) == []

    def test_its_second_reservation_times_out_by_the_wallets_clock_alone(self) -> None:
        desk = a_resting_order()
        desk.replace("r1", "p1", **BUY)
        desk.refused("r1")
        desk.report("CANCELED", "CANCELED", command_id="r1~c")
        asked_ms = desk.now
        # The wallet's answer may be on its way, however late it is by the executions' clock.
        assert desk.executions_tick(100_000) == []
        desk.now = asked_ms
        assert desk.wallet_tick(30_000) == []
        assert desk.wallet_tick(1) == [
            "release r1~2",
            "REJECTED REJECTED RESERVATION_TIMED_OUT",
        ]
        assert desk.wallet_tick(100_000) == []

    def test_a_second_reservation_that_was_answered_does_not_time_out(self) -> None:
        desk = a_resting_order()
        desk.replace("r1", "p1", **BUY)
        desk.refused("r1")
        desk.report("CANCELED", "CANCELED", command_id="r1~c")
        desk.reserved("r1~2")
        assert desk.wallet_tick(100_000) == []

    def test_a_repeat_of_it_times_nothing_out(self) -> None:
        desk = a_resting_order()
        desk.replace("r1", "p1", **BUY)
        assert desk.no_reservation("r1", later_ms=1) == []

    def test_where_the_wallet_refuses_otherwise_the_cancel_is_answered_too(self) -> None:
        desk = a_resting_order()
        desk.replace("r1", "p1", **BUY)
        assert desk.refused("r1", "ACCOUNT_LOCKED") == [
            "CANCEL_REJECTED REJECTED ACCOUNT_LOCKED",
            "REJECTED REJECTED ACCOUNT_LOCKED",
        ]

    def test_the_times_of_its_halves_are_not_read(self) -> None:
        desk = a_resting_order()
        command = a_cancel_replace(
            a_cancel(order_id=7),
            desk.order("r1", **BUY, time_ms=2**52),
            account_id="ann",
            symbol="AAABBB",
            command_id="r1",
            time_ms=500,
        )
        (sent,) = desk.orders.command("CancelReplaceOrder", command, b"", desk.now)
        assert sent.record["time_ms"] == 500

    def test_what_no_market_would_take_cancels_nothing(self) -> None:
        desk = a_resting_order()
        assert desk.replace("r1", "p1", **BUY | {"quantity_lots": 0}) == [
            "CANCEL_REJECTED REJECTED QUANTITY_NOT_POSITIVE",
            "REJECTED REJECTED QUANTITY_NOT_POSITIVE",
        ]


class TestReplacingWhatWaitsItself:
    """r1 cannot be paid for beside p1, and waits for its cancel; r2 replaces r1."""

    @staticmethod
    def a_waiting_replacement() -> Desk:
        desk = a_resting_order()
        desk.replace("r1", "p1", **BUY)
        desk.refused("r1")
        return desk

    @pytest.mark.parametrize("mode", ["STOP_ON_FAILURE", "ALLOW_FAILURE"])
    def test_it_stands_behind_it(self, mode: str) -> None:
        desk = self.a_waiting_replacement()
        desk.replace("r2", "r1", mode, **BUY)
        assert desk.reserved("r2") == []
        assert desk.saga("r2").state == "FUNDS_RESERVED"
        desk.report("CANCELED", "CANCELED", command_id="r1~c")
        assert desk.reserved("r1~2") == [
            "PlaceOrder r1 paid by r1~2 to matching",
            "CancelReplaceOrder r2 to matching",
        ]
        assert desk.saga("r2").state == "MATCHING_SUBMITTED"
        assert desk.executions_tick(30_001) == [
            "CancelOrder r1~x to matching",
            "CancelOrder r2~x to matching",
        ]

    def test_what_waits_for_it_follows_too(self) -> None:
        desk = self.a_waiting_replacement()
        desk.replace("r2", "r1", **BUY)
        desk.reserved("r2")
        assert desk.cancel("z", original_client_order_id="my-r2") == []
        desk.report("CANCELED", "CANCELED", command_id="r1~c")
        assert desk.reserved("r1~2")[1:] == [
            "CancelReplaceOrder r2 to matching",
            "CancelOrder z to matching",
        ]

    def test_where_the_first_comes_to_nothing_matching_is_asked_all_the_same(self) -> None:
        desk = self.a_waiting_replacement()
        desk.replace("r2", "r1", **BUY)
        desk.reserved("r2")
        unknown = {"command_id": "r1~c", "reject_reason": "UNKNOWN_ORDER"}
        assert desk.report("CANCEL_REJECTED", "REJECTED", hold="", **unknown) == [
            "REJECTED REJECTED CANCEL_REPLACE_STOPPED",
            "CancelReplaceOrder r2 to matching",
        ]

    @pytest.mark.parametrize("comes", [True, False])
    def test_its_own_cancel_waits_too(self, comes: bool) -> None:
        desk = self.a_waiting_replacement()
        desk.replace("r2", "r1", **BUY)
        assert desk.refused("r2") == []
        if comes:
            desk.report("CANCELED", "CANCELED", command_id="r1~c")
            sent = desk.reserved("r1~2")
        else:
            sent = desk.executions_tick(29_000) + desk.executions_tick(1_001)
        assert sent[1] == "CancelOrder r2~c to matching"

    def test_twenty_may_wait(self) -> None:
        desk = self.a_waiting_replacement()
        for number in range(20):
            assert desk.cancel(f"z{number}", original_client_order_id="my-r1") == []
        desk.replace("r2", "r1", **BUY)
        assert desk.reserved("r2") == ["CancelReplaceOrder r2 to matching"]

    def test_it_does_not_wait_for_one_that_came_later(self) -> None:
        desk = a_resting_order()
        desk.replace("r1", "r2", **BUY)
        desk.replace("r2", "r1", **BUY)
        assert desk.reserved("r1") == ["CancelReplaceOrder r1 to matching"]
        assert desk.reserved("r2") == ["CancelReplaceOrder r2 to matching"]

    def test_nor_does_its_own_cancel(self) -> None:
        desk = a_resting_order()
        desk.replace("r1", "r2", **BUY)
        desk.replace("r2", "r1", **BUY)
        assert desk.refused("r1") == ["CancelOrder r1~c to matching"]
        assert desk.refused("r2") == []

    @pytest.mark.parametrize("comes", [True, False])
    def test_ever_so_many_may_wait_for_one_another(self, comes: bool) -> None:
        desk = self.a_waiting_replacement()
        desk.is_restored_always = False
        for number in range(2, 500):
            desk.replace(f"r{number}", f"r{number - 1}", **BUY)
            desk.reserved(f"r{number}")
        desk.cancel("z", original_client_order_id="my-r300")
        if comes:
            desk.report("CANCELED", "CANCELED", command_id="r1~c")
            sent = desk.reserved("r1~2")
        else:
            sent = desk.executions_tick(30_001)
        chain = [f"CancelReplaceOrder r{number} to matching" for number in range(2, 500)]
        assert sent[1:] == [*chain, "CancelOrder z to matching"]


class TestASymbolThatIsNoMoreAmongTheInstruments:
    def test_a_reservation_that_comes_is_given_back(self) -> None:
        desk = Desk()
        desk.place(**BUY)
        del desk.orders.state.rules["AAABBB"]
        assert desk.reserved() == ["release p1", "REJECTED REJECTED UNKNOWN_SYMBOL"]

    def test_no_second_reservation_is_asked_for(self) -> None:
        desk = TestReplacingWhatWaitsItself.a_waiting_replacement()
        del desk.orders.state.rules["AAABBB"]
        assert desk.report("CANCELED", "CANCELED", command_id="r1~c") == [
            "REJECTED REJECTED UNKNOWN_SYMBOL"
        ]

    def test_what_waits_to_be_submitted_is_given_back(self) -> None:
        desk = TestReplacingWhatWaitsItself.a_waiting_replacement()
        desk.replace("r2", "r1", **BUY)
        desk.reserved("r2")
        del desk.orders.state.rules["AAABBB"]
        assert desk.report("CANCELED", "CANCELED", command_id="r1~c") == [
            "REJECTED REJECTED UNKNOWN_SYMBOL",
            "release r2",
            "CANCEL_REJECTED REJECTED UNKNOWN_SYMBOL",
            "REJECTED REJECTED UNKNOWN_SYMBOL",
        ]


def test_a_replacement_is_not_asked_after_by_its_own_cancels_time() -> None:
    desk = a_resting_order()
    desk.is_restored_always = False
    desk.place("p0", **BUY)
    desk.reserved("p0")
    desk.replace("r1", "p1", **BUY)
    desk.refused("r1")
    desk.executions_tick(29_000)
    desk.report("CANCELED", "CANCELED", command_id="r1~c", client_order_id="my-p1")
    desk.reserved("r1~2")

    # Matching has answered neither, but the replacement was sent a moment ago.
    assert desk.executions_tick(2_000) == ["CancelOrder p0~x to matching"]
