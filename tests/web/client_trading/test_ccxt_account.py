"""ccxt looks after an account: its money, fees, clock and limits; and how refusals are told."""

import signal
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from tests.chaos.exchange import await_condition
from tests.web.account.orders import limit, market
from tests.web.client_trading.account import START, Account
from tests.web.client_trading.ccxt_view import await_money, money
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.signed_client import SignedClient
from tests.web.unchanged_clients import ccxt_client


@pytest.fixture
def client(gateway: RunningGateway, alice: Account) -> Iterator[Any]:
    """Alice's ccxt."""
    with ccxt_client(gateway.url, alice.key) as made:
        made.load_markets()
        yield made


def test_fees_and_counts_are_the_exchanges(
    client: Any, exchange: RunningExchange, pair: str, symbol: str
) -> None:
    client.create_limit_buy_order(pair, 1, 50)
    client.cancel_all_orders(pair)

    fee = client.fetch_trading_fee(pair)
    assert (fee["maker"], fee["taker"]) == (0.001, 0.002)
    assert set(client.fetch_trading_fees()) == {
        f"{each.base_asset}/USDT" for each in exchange.instruments.values()
    }
    commission = client.privateGetAccountCommission({"symbol": symbol})
    assert commission["standardCommission"]["maker"] == "0.00100000"
    by_interval = {each["interval"]: each for each in client.privateGetRateLimitOrder()}
    assert by_interval["DAY"]["count"] == 1
    assert client.fetch_status()["status"] == "ok"


def test_money_comes_and_goes(client: Any, gateway: RunningGateway, alice: Account) -> None:
    before = money(client.fetch_balance())["USDT"]
    eye = SignedClient(gateway, alice.name)
    # There is no chain: what ccxt has no word for is asked for by hand.
    eye.post("/tradeflow/v1/deposit", coin="USDT", amount="12.5")

    withdrawn = client.withdraw("USDT", 10.25, "an-address", None, {"withdrawOrderId": "w-1"})

    await_condition(
        lambda: money(client.fetch_balance())["USDT"] == (before[0] + Decimal("2.25"), 0),
        "the balance has both",
    )
    assert [each["amount"] for each in client.fetch_deposits("USDT")] == [START / 10**8, 12.5]
    (gone,) = client.fetch_withdrawals("USDT")
    assert (gone["id"], gone["amount"], gone["status"]) == (withdrawn["id"], 10.25, "ok")
    assert (
        client.withdraw("USDT", 10.25, "an-address", None, {"withdrawOrderId": "w-1"})["id"]
        == (withdrawn["id"])
    )
    assert client.fetch_deposit_address("USDT")["address"] == alice.name
    currencies = client.fetch_currencies()
    assert currencies["USDT"]["code"] == "USDT"
    assert money(client.fetch_balance())["USDT"][0] == before[0] + Decimal("2.25")
    with pytest.raises(ccxt.InsufficientFunds):
        client.withdraw("USDT", 10_000_000, "an-address")
    eye.close()


def test_services_that_are_not_here_hold_nothing(client: Any) -> None:
    assert client.fetch_balance({"type": "funding"})["total"] == {}
    assert client.fetch_transfers() == []
    assert client.fetch_my_dust_trades() == []


def test_a_clock_that_is_wrong_is_set_right(gateway: RunningGateway, alice: Account) -> None:
    class Late(ccxt.binance):  # type: ignore[misc, name-defined]
        """On a machine whose clock is a minute late."""

        def milliseconds(self) -> int:
            return int(super().milliseconds()) - 60_000

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ccxt, "binance", Late)
        with ccxt_client(gateway.url, alice.key) as client:
            with pytest.raises(ccxt.InvalidNonce, match="-1021"):
                client.fetch_balance()
            assert client.load_time_difference() == pytest.approx(-60_000, abs=5_000)
            client.fetch_balance()
        with ccxt_client(gateway.url, alice.key, adjustForTimeDifference=True) as client:
            client.load_time_difference()
            client.load_markets()
            assert money(client.fetch_balance()) == alice.balances()


_REFUSED: tuple[tuple[tuple[Any, ...], type[Exception]], ...] = (
    (("limit", "buy", 8_000, 1_000), ccxt.InsufficientFunds),
    (("limit", "sell", 1_500_000, 5), ccxt.InvalidOrder),
    (("limit", "buy", 0.01, 100), ccxt.BadRequest),
    (("limit", "buy", 1, 1_000_001), ccxt.InvalidOrder),
    (("limit", "buy", 100_000, 1), ccxt.InvalidOrder),
    (("limit", "buy", 1, 5_000), ccxt.InvalidOrder),
    (("limit", "buy", 1, 100, {"triggerPrice": 90}), ccxt.OrderImmediatelyFillable),
    (("limit", "sell", 1, 100, {"timeInForce": "GTD"}), ccxt.BadRequest),
    (("limit", "sell", 1, 100, {"clientOrderId": "a b"}), ccxt.BadRequest),
    (("limit", "sell", 1, 100, {"clientOrderId": "mine-1"}), ccxt.InvalidOrder),
    (("limit", "sell", 1, 100, {"color": "red"}), ccxt.BadRequest),
)


def test_an_order_that_is_refused_costs_nothing(
    client: Any,
    alice: Account,
    bob: SignedClient,
    pair: str,
    symbol: str,
    subtests: pytest.Subtests,
) -> None:
    limit(bob, symbol, "SELL", "0.1", "100")
    market(bob, symbol, "BUY", quantity="0.1", selfTradePreventionMode="NONE")
    rests = client.create_limit_buy_order(pair, 1, 50, {"clientOrderId": "mine-1"})

    for order, fault in _REFUSED:
        with subtests.test(order=order), pytest.raises(fault):
            client.create_order(pair, *order)

    assert [each["id"] for each in client.fetch_orders(pair)] == [rests["id"]]
    await_money(client, alice, locked="50")


def test_what_is_not_there_is_not_found(client: Any, pair: str, symbol: str) -> None:
    for ask in (client.fetch_order, client.cancel_order):
        with pytest.raises(ccxt.OrderNotFound):
            ask("987654", pair)
        with pytest.raises(ccxt.OrderNotFound):
            ask(None, pair, {"clientOrderId": "nobodys"})
    with pytest.raises(ccxt.BadSymbol, match="-1121"):
        client.privatePostOrder({"symbol": "NOPE", "side": "BUY", "type": "MARKET", "quantity": 1})
    with pytest.raises(ccxt.BadRequest, match="-1102"):
        client.privatePostOrder({"symbol": symbol, "side": "BUY", "type": "MARKET"})


def test_a_key_that_is_wrong_or_may_not(gateway: RunningGateway, alice: Account, pair: str) -> None:
    with ccxt_client(gateway.url, alice.key) as client:
        client.secret = "another"
        with pytest.raises(ccxt.AuthenticationError, match="-1022"):
            client.fetch_balance()
        client.apiKey = "nobodys"
        with pytest.raises(ccxt.AuthenticationError, match="-2015"):
            client.fetch_balance()
    with ccxt_client(gateway.url, alice.reader) as client:
        assert money(client.fetch_balance()) == alice.balances()
        client.load_markets()
        # ccxt takes a key that was good before for one that is held up.
        client.options["hasAlreadyAuthenticatedSuccessfully"] = False
        with pytest.raises(ccxt.AuthenticationError, match="-2015"):
            client.create_limit_buy_order(pair, 1, 50)
    assert alice.sent == 0


def test_too_many_orders_are_held_up(exchange: RunningExchange, alice: Account, pair: str) -> None:
    strict = RunningGateway(exchange, limits="on", limit_orders="2/10 seconds; 3/day")
    try:
        strict.start()
        strict.keys.add(alice.key)
        with ccxt_client(strict.url, alice.key) as client:
            placed = []
            with pytest.raises(ccxt.DDoSProtection, match="Too many new orders"):
                for step in range(4):
                    placed.append(client.create_limit_buy_order(pair, 1, 50 + step)["id"])
            assert int(client.last_response_headers["Retry-After"]) >= 1
            assert 2 <= len(placed) <= 3
            assert [each["id"] for each in client.fetch_open_orders(pair)] == placed
    finally:
        strict.close()


def test_an_unknown_outcome_is_asked_for_by_its_name(
    exchange: RunningExchange, alice: Account, gateway: RunningGateway, pair: str
) -> None:
    hasty = RunningGateway(exchange, reply_seconds=2)
    try:
        hasty.start()
        hasty.keys.add(alice.key)
        exchange.workers["accounts"].signal(signal.SIGSTOP)
        with (
            ccxt_client(hasty.url, alice.key) as client,
            pytest.raises(ccxt.RequestTimeout, match="-1007"),
        ):
            client.load_markets()
            client.create_order(pair, "limit", "buy", 1, 50, {"clientOrderId": "mine-1"})
    finally:
        exchange.workers["accounts"].signal(signal.SIGCONT)
        hasty.close()

    # It was sent all the same, and the truth is told to whoever asks.
    with ccxt_client(gateway.url, alice.key) as client:

        def is_open() -> Any:
            order = client.fetch_order(None, pair, {"clientOrderId": "mine-1"})
            assert order["status"] in ("PENDING_NEW", "open")
            return order["status"] == "open" and order

        found = await_condition(is_open, "it is in the book")
        assert [each["id"] for each in client.fetch_open_orders(pair)] == [found["id"]]
        await_money(client, alice, locked="50")
    assert alice.sent == 1
