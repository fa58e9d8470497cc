"""User data over the WebSocket API, with orders that really traded."""

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.web.listening_account import LOTS, PRICE, ListeningAccount, expect, many_symbols
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.socket_client import SocketClient, signed

Make = Callable[..., ListeningAccount]
_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    """An exchange with a symbol for each test."""
    folder = tmp_path_factory.mktemp("exchange")
    running = RunningExchange(folder, instruments=many_symbols(folder, 20))
    try:
        running.start()
        yield running
    finally:
        running.close()


@pytest.fixture
def account(exchange: RunningExchange, gateway: RunningGateway) -> Iterator[Make]:
    """Makes accounts that trade this test's symbol."""
    number = next(_NUMBERS)
    made: list[ListeningAccount] = []

    def make(name: str) -> ListeningAccount:
        made.append(ListeningAccount(exchange, gateway, f"{name}{number}", f"T{number}"))
        return made[-1]

    yield make
    for each in made:
        each.socket.close()


def test_a_market_order_is_new_and_then_trades_and_each_side_hears_its_own(account: Make) -> None:
    maker, taker = account("maker"), account("taker")

    resting = maker.trader.place("SELL", LOTS, PRICE)
    (accepted,) = maker.reports("NEW")
    market = taker.trader.place("BUY", LOTS)
    new, trade = taker.reports("FILLED")
    (made,) = maker.reports("FILLED")

    expect(accepted, c=resting, x="NEW", S="SELL", o="LIMIT", p="50000.00000000", w=True)
    expect(new, c=market, x="NEW", X="NEW", o="MARKET", f="GTC", t=-1, N=None, n="0")
    expect(trade, c=market, x="TRADE", l="0.01000000", L="50000.00000000", Z="500.00000000")
    expect(trade, m=False, n="0.00001000", N="BTC", q="0.01000000", z="0.01000000", w=False)
    expect(made, c=resting, x="TRADE", m=True, n="0.50000000", N="USDT", t=trade["t"])
    assert new["I"] < trade["I"]
    assert new["i"] == trade["i"] != made["i"]


def test_balances_are_told_of_the_assets_that_moved(account: Make) -> None:
    maker, taker = account("maker"), account("taker")

    maker.trader.place("SELL", LOTS, PRICE)
    assert maker.positions(1) == {"BTC": ("999999.99000000", "0.01000000")}

    taker.trader.place("BUY", LOTS, PRICE)
    assert taker.positions(2) == {
        "BTC": ("1000000.00999000", "0.00000000"),
        "USDT": ("999500.00000000", "0.00000000"),
    }
    assert maker.positions(2) == {
        "BTC": ("999999.99000000", "0.00000000"),
        "USDT": ("1000499.50000000", "0.00000000"),
    }


def test_a_cancel_names_itself_and_the_order(account: Make) -> None:
    alice = account("alice")
    order = alice.trader.place("BUY", LOTS, PRICE)
    alice.reports("NEW")

    alice.trader.cancel(order, "the-cancel")

    (cancelled,) = alice.reports("CANCELED")
    expect(cancelled, c="the-cancel", C=order, x="CANCELED", w=False, z="0.00000000")


def test_an_order_that_was_made_smaller_says_both_its_names(account: Make) -> None:
    alice = account("alice")
    order = alice.trader.place("BUY", LOTS, PRICE)

    alice.trader.amend(order, "smaller", LOTS // 2)

    *_, amended = alice.take(lambda event: event.get("x") == "REPLACED")
    expect(amended, c="smaller", C=order, X="NEW", q="0.00500000")


def test_a_replacement_is_a_cancel_and_a_new_order_also_if_that_is_refused(account: Make) -> None:
    alice = account("alice")
    order = alice.trader.place("BUY", LOTS, PRICE)
    alice.reports("NEW")

    second = alice.trader.replace(order, "first", alice.trader.order("BUY", LOTS, PRICE - 1))
    cancelled, new = alice.reports("NEW")
    expect(cancelled, c="first", C=order, x="CANCELED")
    expect(new, c=second, x="NEW", p="49999.99000000")

    # A hundred of them is more than the account can pay.
    dear = alice.trader.order("BUY", 10_000 * LOTS, PRICE)
    alice.trader.replace(second, "second", dear)
    cancelled, refused = alice.reports("REJECTED")
    expect(cancelled, c="second", C=second, x="CANCELED")
    expect(refused, c=dear["client_order_id"], x="REJECTED", r="INSUFFICIENT_BALANCES")

    # An order that is refused by itself is answered, and no event.
    alice.trader.place("BUY", 10_000 * LOTS, PRICE)
    last = alice.trader.place("BUY", LOTS, PRICE)
    (only,) = alice.reports("NEW")
    expect(only, c=last)


def test_prevention_of_self_trades_says_how_much_and_with_whom(account: Make) -> None:
    alice = account("alice")
    own = alice.trader.place("BUY", LOTS, PRICE)
    (resting,) = alice.reports("NEW")

    other = alice.trader.place("SELL", LOTS, PRICE, self_trade_prevention="EXPIRE_TAKER")

    *_, prevented = alice.reports("EXPIRED_IN_MATCH")
    expect(prevented, c=other, x="TRADE_PREVENTION", V="EXPIRE_TAKER", U=resting["i"])
    expect(prevented, B="0.01000000", pL="50000.00000000", pY="500.00000000", l="0.00000000")
    alice.trader.cancel(own)
    alice.reports("CANCELED")


def test_what_is_left_of_an_order_expires_with_a_reason(account: Make) -> None:
    maker, taker = account("maker"), account("taker")
    maker.trader.place("BUY", LOTS, PRICE)
    maker.reports("NEW")

    taker.trader.place("SELL", 2 * LOTS, PRICE, time_in_force="IOC")

    new, trade, expired = taker.reports("EXPIRED")
    expect(new, x="NEW", f="IOC")
    expect(trade, x="TRADE", X="PARTIALLY_FILLED", z="0.01000000")
    expect(expired, x="EXPIRED", eR="UNFILLED_IOC_QUANTITY_EXPIRED", z="0.01000000", t=-1)


def test_a_stop_is_told_when_it_begins_to_work(account: Make) -> None:
    alice, bob = account("alice"), account("bob")
    stops = {"order_type": "STOP_LOSS_LIMIT", "stop_price_ticks": PRICE}
    stop = alice.trader.place("SELL", LOTS, PRICE - 100, **stops)
    (waiting,) = alice.reports("NEW")
    expect(waiting, c=stop, w=False, P="50000.00000000", W="absent")

    bob.trader.place("BUY", LOTS, PRICE)
    bob.reports("NEW")
    alice.trader.place("SELL", LOTS, PRICE)

    *_, triggered = alice.take(lambda event: event.get("c") == stop)
    expect(triggered, x="NEW", X="NEW", w=True, i=waiting["i"], W=triggered["T"])


def test_deposits_and_withdrawals_are_told_with_their_sign(account: Make) -> None:
    alice = account("alice")

    alice.trader.move_money("WalletDepositCommand", "BTC", 150_000_000)
    alice.trader.move_money("WalletWithdrawCommand", "BTC", 50_000_000)

    update, position, other_update, other_position = (
        alice.take(lambda _: True)[0] for _ in range(4)
    )
    expect(update, e="balanceUpdate", a="BTC", d="1.50000000")
    expect(position, B=[{"a": "BTC", "f": "1000001.50000000", "l": "0.00000000"}])
    expect(other_update, e="balanceUpdate", a="BTC", d="-0.50000000")
    expect(other_position, B=[{"a": "BTC", "f": "1000001.00000000", "l": "0.00000000"}])


def test_every_way_to_listen_tells_the_same(account: Make, gateway: RunningGateway) -> None:
    alice = account("alice")
    streams = f"ws://{gateway.address}"
    opened = httpx.post(
        f"{gateway.url}/api/v3/userDataStream", headers={"X-MBX-APIKEY": alice.key.key}
    )
    listen_key = opened.json()["listenKey"]
    with (
        SocketClient(alice.url) as logged_on,
        alice.connect("?timeUnit=MICROSECOND") as fine,
        SocketClient(f"{streams}/ws/{listen_key}") as raw,
        SocketClient(f"{streams}/stream?streams={listen_key}") as wrapped,
    ):
        assert logged_on.ask("session.logon", **signed(alice.key))["status"] == 200
        assert logged_on.ask("userDataStream.subscribe")["result"] == {"subscriptionId": 0}

        alice.trader.place("BUY", LOTS, PRICE)
        (report,) = alice.reports("NEW")

        *_, same = logged_on.take(lambda frame: frame["event"].get("X") == "NEW")
        assert same == {"subscriptionId": 0, "event": report}
        *_, finer = fine.take(lambda frame: frame["event"].get("X") == "NEW")
        times = {name: report[name] * 1_000 for name in ("E", "T", "O", "W")}
        assert finer["event"] == {**report, **times}

        assert raw.take(lambda event: event.get("X") == "NEW")[-1] == report
        *_, named = wrapped.take(lambda frame: frame["data"].get("X") == "NEW")
        assert named == {"stream": listen_key, "data": report}

        assert logged_on.ask("session.logout")["result"]["userDataStream"] is False
        assert logged_on.events[-1]["event"]["e"] == "eventStreamTerminated"


def test_a_client_that_connects_again_goes_on_listening(account: Make) -> None:
    alice = account("alice")
    for round_number in range(3):
        alice.socket.close()
        alice.socket = alice.connect()

        order = alice.trader.place("BUY", LOTS, PRICE - round_number)

        (report,) = alice.reports("NEW")
        expect(report, c=order)


def test_a_revoked_key_hears_no_more(account: Make, gateway: RunningGateway) -> None:
    alice = account("alice")

    gateway.keys.remove(alice.key)

    (last,) = alice.take(lambda event: event["e"] == "eventStreamTerminated")
    assert last["E"] > 0


def test_two_hundred_connections_of_one_account_hear_the_same(account: Make) -> None:
    alice, bob = account("alice"), account("bob")
    many = [alice.connect() for _ in range(200)]
    try:
        orders = [alice.trader.place("BUY", LOTS, PRICE - number) for number in range(5)]
        bob.trader.place("BUY", LOTS, PRICE)

        def is_last(frame: dict[str, Any]) -> bool:
            return bool(frame["event"].get("c") == orders[-1])

        texts = {json.dumps(socket.take(is_last)) for socket in many}

        assert len(texts) == 1
        heard = [frame["event"] for frame in json.loads(texts.pop())]
        assert [each["c"] for each in heard if each["e"] == "executionReport"] == orders
    finally:
        for socket in many:
            socket.close()
