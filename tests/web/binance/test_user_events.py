"""Events of the user data stream, made of records."""

from typing import Any

import pytest

from schemas.enums import ExecutionType
from tests.web.standing_gateway import default_instruments
from tests.web.userdata.records import AT_MS, FILL, report, wallet_event
from web.binance.reply import to_json
from web.binance.user_events import account_events, execution_report

BTCUSDT = default_instruments()["BTCUSDT"]
ALWAYS = set("eEscSofqpPFgCxXrilzLnNTtIwmMOZYQV")
"""The keys of Binance's example that do not depend on the order."""

ANSWERS = {"NONE", "CANCEL_REJECTED", "AMEND_REJECTED", "STATUS_CHANGED", "ORDER_STATUS"}
"""What is only for whoever has asked."""


def event(*, prevented_before_lots: int = 0, **changes: Any) -> dict[str, Any]:
    made = execution_report(report(**changes), BTCUSDT, prevented_before_lots=prevented_before_lots)
    assert made is not None
    return made


def test_the_records_are_of_the_instrument_that_the_tests_think_of() -> None:
    sizes = (BTCUSDT.tick_size, BTCUSDT.lot_size, BTCUSDT.quote_units_per_tick_lot)

    assert sizes == ("0.01", "0.00001", 10)


def test_an_accepted_order_has_every_key_of_binances_example() -> None:
    assert event() == {
        "e": "executionReport",
        "E": AT_MS,
        "s": "BTCUSDT",
        "c": "mine",
        "S": "BUY",
        "o": "LIMIT",
        "f": "GTC",
        "q": "0.20000000",
        "p": "50000.00000000",
        "P": "0.00000000",
        "F": "0.00000000",
        "g": -1,
        "C": "",
        "x": "NEW",
        "X": "NEW",
        "r": "NONE",
        "i": 5,
        "l": "0.00000000",
        "z": "0.00000000",
        "L": "0.00000000",
        "n": "0",
        "N": None,
        "T": AT_MS,
        "t": -1,
        "I": 11,
        "w": True,
        "m": False,
        "M": False,
        "O": AT_MS,
        "Z": "0.00000000",
        "Y": "0.00000000",
        "Q": "0.00000000",
        "W": AT_MS,
        "V": "NONE",
    }


@pytest.mark.parametrize("execution_type", ExecutionType.__args__)
def test_has_the_keys_of_the_example_for_every_kind_of_report(execution_type: str) -> None:
    made = execution_report(report(execution_type=execution_type), BTCUSDT)

    assert made is None or made.keys() >= ALWAYS
    assert (made is None) == (execution_type in ANSWERS)


def test_a_fill_says_price_role_trade_and_commission() -> None:
    made = event(**FILL)

    told = {
        name: made[name] for name in ("x", "X", "l", "L", "z", "Y", "Z", "n", "N", "t", "m", "w")
    }
    assert told == {
        "x": "TRADE",
        "X": "PARTIALLY_FILLED",
        "l": "0.05000000",
        "L": "49999.00000000",
        "z": "0.05000000",
        "Y": "249995.00000000",
        "Z": "249995.00000000",
        "n": "0.00005000",
        "N": "BTC",
        "t": 9,
        "m": False,
        "w": True,
    }


def test_a_sellers_commission_is_of_the_quote_asset() -> None:
    made = event(**{**FILL, "side": "SELL", "role": "MAKER"})

    assert (made["N"], made["m"]) == ("USDT", True)


def test_an_order_that_is_over_is_not_on_the_book() -> None:
    assert event(**{**FILL, "order_status": "FILLED"})["w"] is False
    assert event(execution_type="CANCELED", order_status="CANCELED")["w"] is False


def test_a_cancel_names_itself_and_the_order() -> None:
    made = event(
        execution_type="CANCELED",
        order_status="CANCELED",
        client_order_id="the-cancel",
        original_client_order_id="mine",
    )

    assert (made["c"], made["C"], made["x"], made["X"]) == (
        "the-cancel",
        "mine",
        "CANCELED",
        "CANCELED",
    )


def test_a_market_order_says_what_clients_can_decode() -> None:
    made = event(
        order_type="MARKET",
        time_in_force="NONE",
        price_ticks=0,
        quantity_lots=0,
        quote_quantity_units=10_000_000_000,
        cumulative_quantity_lots=30,
    )

    assert (made["f"], made["q"], made["Q"]) == ("GTC", "0.00030000", "100.00000000")


def test_a_stop_says_when_it_begins_to_work() -> None:
    stop = {"order_type": "STOP_LOSS_LIMIT", "stop_price_ticks": 100, "is_working": False}
    waiting = event(**stop, working_time_ms=0)
    triggered = event(**{**stop, "is_working": True}, execution_type="TRIGGERED")

    assert (waiting["w"], "W" in waiting, waiting["P"]) == (False, False, "1.00000000")
    assert (triggered["x"], triggered["w"], triggered["W"]) == ("NEW", True, AT_MS)


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("INSUFFICIENT_BALANCE", "INSUFFICIENT_BALANCES"),
        ("WOULD_TRIGGER_IMMEDIATELY", "STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY"),
        ("WOULD_IMMEDIATELY_MATCH", "WOULD_MATCH_IMMEDIATELY"),
        ("LOT_SIZE", "LOT_SIZE"),
    ],
)
def test_a_refusal_says_why(reason: str, told: str) -> None:
    made = event(
        execution_type="REJECTED", order_status="REJECTED", reject_reason=reason, order_time_ms=0
    )

    assert (made["r"], made["O"]) == (told, AT_MS)


def test_an_expired_order_says_why() -> None:
    expired = {"execution_type": "EXPIRED", "order_status": "EXPIRED"}

    assert "eR" not in event()
    assert event(**expired, expiry_reason="BUDGET_EXHAUSTED")["eR"] == "INSUFFICIENT_LIQUIDITY"
    ioc = "UNFILLED_IOC_QUANTITY_EXPIRED"
    assert event(**expired, expiry_reason=ioc)["eR"] == ioc


def test_a_prevented_match_says_with_whom_and_how_much() -> None:
    made = event(
        execution_type="TRADE_PREVENTION",
        order_status="EXPIRED_IN_MATCH",
        self_trade_prevention="EXPIRE_TAKER",
        prevented_quantity_lots=20_000,
        prevented_before_lots=5_000,
        last_price_ticks=4_000_000,
        counter_order_id=3,
        leaves_quantity_lots=0,
    )

    told = {
        name: made[name]
        for name in ("v", "A", "B", "u", "U", "Cs", "pl", "pL", "pY", "l", "L", "t")
    }
    assert told == {
        "v": 11,
        "A": "0.20000000",
        "B": "0.15000000",
        "u": 11,
        "U": 3,
        "Cs": "BTCUSDT",
        "pl": "0.15000000",
        "pL": "40000.00000000",
        "pY": "6000.00000000",
        "l": "0.00000000",
        "L": "0.00000000",
        "t": -1,
    }
    assert not {"v", "A", "B", "u", "U", "Cs", "pl", "pL", "pY"} & event().keys()


def test_times_become_microseconds() -> None:
    made = to_json(event(), in_microseconds=True)

    for name in (b"E", b"T", b"O", b"W"):
        assert b'"%b":%d000' % (name, AT_MS) in made
    assert b'"i":5,' in made


def test_a_deposit_is_an_update_and_then_a_position() -> None:
    assert account_events("FundsDepositedEvent", wallet_event()) == [
        {"e": "balanceUpdate", "E": AT_MS, "a": "USDT", "d": "10.50000000", "T": AT_MS},
        {
            "e": "outboundAccountPosition",
            "E": AT_MS,
            "u": AT_MS,
            "B": [{"a": "USDT", "f": "30.00000000", "l": "0.00000005"}],
        },
    ]


def test_a_withdrawal_is_negative() -> None:
    update, _ = account_events("FundsWithdrawnEvent", wallet_event())

    assert update["d"] == "-10.50000000"


@pytest.mark.parametrize("name", ["FundsReservedEvent", "FundsReleasedEvent", "FillSettledEvent"])
def test_what_orders_do_to_money_is_a_position_of_what_they_touched(name: str) -> None:
    (position,) = account_events(name, wallet_event())

    assert [balance["a"] for balance in position["B"]] == ["USDT"]


def test_where_nothing_moved_nothing_is_told() -> None:
    assert account_events("FundsDepositedEvent", wallet_event(is_repeat=True)) == []
    assert account_events("FundsReservationFailedEvent", wallet_event(balances=[])) == []
