"""Money step by step: what an account has after each command, and what it is told."""

from typing import Any

import pytest

from streams.domain.account import Balance
from streams.domain.ledger import SUPPLY_LIMIT_UNITS
from streams.domain.ledger_invariants import check_ledger
from streams.domain.wallet import Wallet
from streams.domain.wallet_state import REMEMBERED_MS

NOON_MS = 1_760_000_000_000
ASSETS = ("BTC", "USDT")


class Till:
    """A wallet with the account «ann»; every command has an id of its own."""

    def __init__(self, **options: Any) -> None:
        self.wallet = Wallet(ASSETS, **options)
        self.now_ms = NOON_MS
        self.number = 0
        self.send("WalletOpenAccountCommand")

    def send(self, name: str, **fields: Any) -> dict[str, Any]:
        self.number += 1
        command = {"command_id": f"c{self.number}", "account_id": "ann", "time_ms": self.now_ms}
        event = self.wallet.apply(name, command | fields)
        assert check_ledger(self.wallet.state) == []
        assert event is not None
        return {"event": event[0], **event[1]}

    def deposit(self, units: int, asset: str = "USDT", **fields: Any) -> dict[str, Any]:
        return self.send("WalletDepositCommand", **{"asset": asset, "amount_units": units} | fields)

    def withdraw(self, units: int, asset: str = "USDT", **fields: Any) -> dict[str, Any]:
        return self.send(
            "WalletWithdrawCommand", **{"asset": asset, "amount_units": units} | fields
        )

    def reserve(self, hold: str, units: int, asset: str = "USDT", **fields: Any) -> dict[str, Any]:
        asked = {"symbol": "BTCUSDT", "asset": asset, "amount_units": units, "requested_ms": 7}
        fields = asked | fields
        return self.send("WalletReserveFundsCommand", command_id=hold, **fields)

    def fill(self, hold: str, execution_id: int, paid: int, received: int, **fields: Any) -> Any:
        filled = {
            "hold_id": hold,
            "symbol": "BTCUSDT",
            "execution_id": execution_id,
            "order_id": 7,
            "trade_id": 70,
            "side": "BUY",
            "role": "TAKER",
            "paid_units": paid,
            "received_asset": "BTC",
            "received_units": received,
            "commission_units": 0,
            "commission_rate_ppm": 0,
            "keep_units": 0,
        }
        return self.send("WalletSettleFillCommand", **filled | fields)

    def release(self, hold: str, execution_id: int, keep: int, **fields: Any) -> dict[str, Any]:
        fields = {"hold_id": hold, "symbol": "BTCUSDT", "keep_units": keep} | fields
        return self.send("WalletReleaseFundsCommand", execution_id=execution_id, **fields)

    def status(self, status: str) -> dict[str, Any]:
        return self.send("WalletSetStatusCommand", status=status)

    def money(self, account: str = "ann") -> dict[str, tuple[int, int]]:
        """By asset: available and held."""
        balances = self.wallet.state.ledger.accounts[account].balances.values()
        return {b.asset: (b.available_units, b.held_units) for b in balances}


@pytest.fixture
def till() -> Till:
    return Till()


def movements(event: dict[str, Any]) -> list[str]:
    return [
        f"{e['entry_type']} {e['amount_units']} {e['asset']}: "
        f"{e['debit_account']} > {e['credit_account']}"
        for e in event["entries"]
    ]


def test_a_deposit_and_a_withdrawal(till: Till) -> None:
    assert movements(till.deposit(100)) == ["DEPOSIT 100 USDT: external > available"]
    assert movements(till.withdraw(30)) == ["WITHDRAWAL 30 USDT: available > external"]

    assert till.money() == {"USDT": (70, 0)}
    assert till.money("@external") == {"USDT": (-70, 0)}


def test_a_buy_that_fills_below_its_limit_has_the_difference_back_at_once(till: Till) -> None:
    till.deposit(1_000)
    till.reserve("o1", 600)
    event = till.fill("o1", 5, paid=250, received=10, commission_units=1, keep_units=300)

    assert movements(event) == [
        "TRADE 250 USDT: held > clearing:BTCUSDT",
        "TRADE 10 BTC: clearing:BTCUSDT > available",
        "FEE 1 BTC: available > fees",
        "RELEASE 50 USDT: held > available",
    ]
    assert event["left_units"] == 300
    assert till.money() == {"USDT": (450, 300), "BTC": (9, 0)}
    assert till.money("@clearing:BTCUSDT") == {"USDT": (250, 0), "BTC": (-10, 0)}
    assert till.money("@fees") == {"BTC": (1, 0)}


def test_entries_are_numbered_by_account_without_gaps(till: Till) -> None:
    events = [till.deposit(1_000), till.reserve("o1", 600), till.fill("o1", 1, 100, 1)]

    numbers = [entry["entry_id"] for event in events for entry in event["entries"]]
    assert numbers == [1, 2, 3, 4, 5]


def test_a_canceled_order_gives_back_all_that_is_left(till: Till) -> None:
    till.deposit(1_000)
    till.reserve("o1", 600)
    till.fill("o1", 5, paid=200, received=2, keep_units=400)

    assert till.release("o1", 6, keep=0)["amount_units"] == 400
    assert till.money()["USDT"] == (800, 0)


def test_an_amended_order_keeps_what_it_still_needs(till: Till) -> None:
    till.deposit(1_000)
    till.reserve("o1", 600)

    assert till.release("o1", 6, keep=450)["left_units"] == 450
    assert till.money() == {"USDT": (550, 450)}


@pytest.mark.parametrize("units", [101, 2**62])
def test_more_than_there_is_cannot_be_reserved_or_withdrawn(till: Till, units: int) -> None:
    till.deposit(100)

    assert till.reserve("o1", units)["reason"] == "INSUFFICIENT_BALANCE"
    assert till.withdraw(units)["reason"] == "INSUFFICIENT_BALANCE"
    assert till.money() == {"USDT": (100, 0)}


def test_what_is_held_cannot_be_withdrawn(till: Till) -> None:
    till.deposit(100)
    till.reserve("o1", 60)

    assert till.withdraw(41)["reason"] == "INSUFFICIENT_BALANCE"
    assert till.withdraw(40)["event"] == "FundsWithdrawnEvent"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"account_id": "nobody"}, "UNKNOWN_ACCOUNT"),
        ({"account_id": "@fees"}, "UNKNOWN_ACCOUNT"),
        ({"asset": "DOGE"}, "UNKNOWN_ASSET"),
        ({"amount_units": 0}, "AMOUNT_NOT_POSITIVE"),
        ({"amount_units": -1}, "AMOUNT_NOT_POSITIVE"),
    ],
)
def test_refusals_that_all_have_in_common(till: Till, fields: Any, reason: str) -> None:
    till.deposit(100)

    assert till.deposit(10, **fields)["reason"] == reason
    assert till.withdraw(10, **fields)["reason"] == reason
    assert till.reserve("o1", 10, **fields)["reason"] == reason
    assert till.money() == {"USDT": (100, 0)}


def test_a_partition_takes_in_no_more_than_sums_have_room_for(till: Till) -> None:
    till.deposit(SUPPLY_LIMIT_UNITS - 1)

    assert till.deposit(2)["reason"] == "AMOUNT_OVERFLOW"
    assert till.deposit(1)["event"] == "FundsDepositedEvent"
    till.withdraw(5)
    assert till.deposit(5)["event"] == "FundsDepositedEvent"


def test_a_locked_account_finishes_what_it_began(till: Till) -> None:
    till.deposit(100)
    till.reserve("o1", 60)
    till.status("LOCKED")

    assert till.reserve("o2", 1)["reason"] == "ACCOUNT_LOCKED"
    assert till.withdraw(1)["reason"] == "ACCOUNT_LOCKED"
    assert till.deposit(1)["event"] == "FundsDepositedEvent"
    assert till.fill("o1", 1, paid=30, received=3)["event"] == "FillSettledEvent"
    till.status("OPEN")
    assert till.withdraw(1)["event"] == "FundsWithdrawnEvent"


def test_an_account_is_closed_when_it_is_empty_and_stays_closed(till: Till) -> None:
    till.deposit(100)
    assert till.status("CLOSED")["reason"] == "ACCOUNT_NOT_EMPTY"
    till.withdraw(100)
    assert till.status("CLOSED")["status"] == "CLOSED"

    assert till.deposit(1)["reason"] == "ACCOUNT_CLOSED"
    assert till.withdraw(1)["reason"] == "ACCOUNT_CLOSED"
    assert till.reserve("o1", 1)["reason"] == "ACCOUNT_CLOSED"
    assert till.status("OPEN")["reason"] == "ACCOUNT_CLOSED"


@pytest.mark.parametrize(
    ("account", "reason"), [("ann", "ACCOUNT_EXISTS"), ("@fees", "RESERVED_ACCOUNT_ID")]
)
def test_accounts_that_cannot_be_opened(till: Till, account: str, reason: str) -> None:
    assert till.send("WalletOpenAccountCommand", account_id=account)["reason"] == reason


def test_the_same_command_twice_has_one_effect_and_says_so(till: Till) -> None:
    first = till.deposit(100, command_id="d1")
    till.deposit(11)
    again = till.deposit(100, command_id="d1")

    assert (first["is_repeat"], again["is_repeat"]) == (False, True)
    assert again["event"] == "FundsDepositedEvent"
    assert again["entries"] == []
    assert again["balances"] == [{"asset": "USDT", "available_units": 111, "held_units": 0}]
    assert till.money() == {"USDT": (111, 0)}


def test_a_reservation_that_failed_stays_failed(till: Till) -> None:
    assert till.reserve("o1", 50)["reason"] == "INSUFFICIENT_BALANCE"
    till.deposit(100)
    again = till.reserve("o1", 50)

    assert (again["reason"], again["is_repeat"]) == ("INSUFFICIENT_BALANCE", True)
    assert till.money() == {"USDT": (100, 0)}


def test_an_id_with_other_content_is_refused(till: Till) -> None:
    till.deposit(100, command_id="d1")
    till.reserve("o1", 50)

    assert till.deposit(101, command_id="d1")["reason"] == "COMMAND_ID_REUSED"
    assert till.withdraw(100, command_id="d1")["reason"] == "COMMAND_ID_REUSED"
    assert till.reserve("d1", 100)["reason"] == "COMMAND_ID_REUSED"
    assert till.reserve("o1", 51)["reason"] == "COMMAND_ID_REUSED"
    assert till.deposit(50, command_id="o1")["reason"] == "COMMAND_ID_REUSED"
    assert till.money() == {"USDT": (50, 50)}


def test_ids_are_the_accounts_own(till: Till) -> None:
    till.send("WalletOpenAccountCommand", account_id="bob")
    till.deposit(100, command_id="d1")

    assert till.deposit(7, command_id="d1", account_id="bob")["event"] == "FundsDepositedEvent"


def test_a_fill_or_release_that_comes_again_changes_nothing(till: Till) -> None:
    till.deposit(100)
    till.reserve("o1", 60)
    till.fill("o1", 5, paid=30, received=3, keep_units=30)
    before = till.money()

    assert till.fill("o1", 5, paid=30, received=3, keep_units=30)["is_repeat"]
    assert till.release("o1", 4, keep=0)["is_repeat"]
    assert till.money() == before
    till.fill("o1", 6, paid=30, received=3)
    assert till.fill("o1", 6, paid=30, received=3)["is_repeat"], "the hold is closed by now"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"account_id": "nobody"}, "UNKNOWN_ACCOUNT"),
        ({"paid_units": -1}, "AMOUNT_NOT_POSITIVE"),
        ({"keep_units": -1}, "AMOUNT_NOT_POSITIVE"),
        ({"commission_units": 4}, "AMOUNT_NOT_POSITIVE"),
        ({"hold_id": "o9"}, "UNKNOWN_HOLD"),
        ({"symbol": "LTCUSDT"}, "UNKNOWN_HOLD"),
        ({"execution_id": 0}, "AMOUNT_NOT_POSITIVE"),
        ({"keep_units": 31}, "HOLD_EXCEEDED"),
    ],
)
def test_fills_that_cannot_be(till: Till, fields: Any, reason: str) -> None:
    till.deposit(100)
    till.reserve("o1", 60)

    given = {"execution_id": 1, "paid": 30, "received": 3} | fields
    assert till.fill("o1", **given)["reason"] == reason
    assert till.money() == {"USDT": (40, 60)}


def test_no_balance_goes_beyond_64_bits(till: Till) -> None:
    till.deposit(100)
    till.reserve("o1", 60)
    most = 2**63 - 1

    assert till.fill("o1", 1, 0, most, keep_units=60)["event"] == "FillSettledEvent"
    assert till.fill("o1", 2, 0, 1, keep_units=60)["reason"] == "AMOUNT_OVERFLOW"
    more = till.fill("o1", 3, 0, most, received_asset="USDT", keep_units=60)
    assert more["reason"] == "AMOUNT_OVERFLOW"


def test_a_closed_hold_takes_no_new_fill(till: Till) -> None:
    till.deposit(100)
    till.reserve("o1", 60)
    till.release("o1", 1, keep=0)

    assert till.fill("o1", 2, paid=0, received=5)["reason"] == "HOLD_EXCEEDED"


def test_a_fill_under_another_symbol_is_no_repeat(till: Till) -> None:
    till.deposit(100)
    till.reserve("o1", 60)
    till.fill("o1", 5, paid=30, received=3, keep_units=30)

    assert till.fill("o1", 5, 30, 3, symbol="LTCUSDT")["reason"] == "UNKNOWN_HOLD"


def test_an_asset_that_is_traded_no_more_can_be_taken_out(till: Till) -> None:
    till.deposit(100)
    later = Wallet.restore(("BTC",), till.wallet.state.rows())
    till.wallet = later

    assert till.deposit(1)["reason"] == "UNKNOWN_ASSET"
    assert till.withdraw(100)["event"] == "FundsWithdrawnEvent"


def test_what_came_in_the_latest_millisecond_is_never_forgotten_by_count() -> None:
    till = Till(remembered_limit=2)
    for number in (1, 2, 3, 4):
        till.deposit(1, command_id=f"d{number}")

    assert all(till.deposit(1, command_id=f"d{number}")["is_repeat"] for number in (1, 2, 3, 4))


def test_after_ten_minutes_commands_and_closed_holds_are_forgotten(till: Till) -> None:
    till.deposit(100, command_id="d1")
    till.reserve("o1", 60)
    till.release("o1", 1, keep=0)
    till.now_ms += REMEMBERED_MS - 1
    assert till.deposit(100, command_id="d1")["is_repeat"]
    assert till.reserve("o1", 60)["is_repeat"]
    till.now_ms += 1

    assert not till.deposit(100, command_id="d1")["is_repeat"]
    assert not till.reserve("o1", 60)["is_repeat"]
    assert till.money() == {"USDT": (140, 60)}


def test_no_more_than_so_many_commands_are_remembered() -> None:
    till = Till(remembered_limit=2)
    for number in (1, 2, 3):
        till.now_ms += 1
        till.deposit(1, command_id=f"d{number}")

    assert till.deposit(1, command_id="d3")["is_repeat"]
    assert not till.deposit(1, command_id="d1")["is_repeat"]


def test_time_never_goes_back(till: Till) -> None:
    till.wallet.apply("Tick", {"time_ms": NOON_MS + 9})

    assert till.deposit(1)["time_ms"] == NOON_MS + 9


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (
            lambda balance: setattr(balance, "available_units", 101),
            "money is conserved: USDT sums to 1",
        ),
        (lambda balance: setattr(balance, "held_units", -60), "nothing negative: ann in USDT"),
        (
            lambda balance: setattr(balance, "available_units", 2**63),
            "amounts have 64 bits: ann in USDT",
        ),
    ],
)
def test_wrong_books_are_found(till: Till, spoil: Any, words: str) -> None:
    till.deposit(100)
    balance: Balance = till.wallet.state.ledger.accounts["ann"].balance("USDT")
    spoil(balance)

    assert words in {f"{found.rule}: {found.detail}" for found in check_ledger(till.wallet.state)}


def test_a_hold_that_disagrees_with_the_balance_is_found(till: Till) -> None:
    till.deposit(100)
    till.reserve("o1", 60)
    till.wallet.state.holds["ann o1"].left_units = 50

    (found,) = check_ledger(till.wallet.state)
    assert found.rule == "held is what holds have left"
