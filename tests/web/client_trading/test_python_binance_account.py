"""python-binance looks after an account, and is told in Binance's codes what goes wrong."""

import time
import warnings
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.chaos.exchange import await_condition
from tests.web.client_trading.account import START, Account
from tests.web.client_trading.binance_view import money
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.unchanged_clients import python_binance_client

with warnings.catch_warnings():
    # It asks websockets for names of old.
    warnings.simplefilter("ignore", DeprecationWarning)
    from binance.exceptions import BinanceAPIException

_LIMIT = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}


@pytest.fixture
def client(gateway: RunningGateway, alice: Account) -> Iterator[Any]:
    """Alice's python-binance."""
    with python_binance_client(gateway.url, alice.key) as made:
        yield made


def test_account_fees_and_counts(client: Any, alice: Account, symbol: str) -> None:
    client.order_limit_buy(symbol=symbol, quantity=1, price=50)
    client.cancel_all_open_orders(symbol=symbol)

    account = client.get_account(omitZeroBalances="true")
    assert (account["makerCommission"], account["takerCommission"]) == (10, 20)
    assert account["canTrade"] and account["canWithdraw"] and account["canDeposit"]
    assert {each["asset"] for each in account["balances"]} == {alice.coin, "USDT"}
    (fee,) = client.get_trade_fee(symbol=symbol)
    assert (fee["makerCommission"], fee["takerCommission"]) == ("0.001000", "0.002000")
    commission = client.v3_get_account_commission(symbol=symbol)["standardCommission"]
    assert (commission["maker"], commission["taker"]) == ("0.00100000", "0.00200000")
    counts = {each["interval"]: each["count"] for each in client.get_current_order_count()}
    assert counts["DAY"] == 1
    assert client.get_prevented_matches(symbol=symbol, orderId=1) == []
    assert client.get_allocations(symbol=symbol) == []
    assert client.get_system_status()["msg"] == "normal"
    assert client.get_account_status() == {"data": "Normal"}
    assert client.get_account_api_trading_status()["data"]["isLocked"] is False
    rights = client.get_account_api_permissions()
    assert rights["enableReading"] and rights["enableSpotAndMarginTrading"]
    assert rights["enableWithdrawals"] and not rights["enableFutures"]


def test_money_comes_and_goes(client: Any, alice: Account) -> None:
    withdrawn = client.withdraw(coin="USDT", address="an-address", amount="10.25", name="mine")

    left = Decimal(START).scaleb(-8) - Decimal("10.25")
    await_condition(
        lambda: money(client.get_account())["USDT"] == (left, 0), "the balance has less"
    )
    (gone,) = client.get_withdraw_history(coin="USDT")
    assert (gone["id"], gone["amount"], gone["status"]) == (withdrawn["id"], "10.25000000", 6)
    assert client.get_withdraw_history_id(withdrawn["id"])["coin"] == "USDT"
    (came,) = client.get_deposit_history(coin="USDT")
    assert (came["amount"], came["status"]) == ("1000000.00000000", 1)
    assert client.get_deposit_address(coin="USDT")["address"] == alice.name
    coins = {each["coin"]: each for each in client.get_all_coins_info()}
    assert Decimal(coins["USDT"]["free"]) == left
    owned = client.get_user_asset()
    assert {each["asset"]: Decimal(each["free"]) for each in owned} == {
        alice.coin: Decimal(START).scaleb(-8),
        "USDT": left,
    }
    assert client.funding_wallet() == []
    assert client.get_dust_log()["total"] == 0
    assert client.get_asset_dividend_history() == {"rows": [], "total": 0}
    assert client.query_universal_transfer_history(type="MAIN_FUNDING")["total"] == 0


_REFUSED: tuple[tuple[dict[str, Any], int, str], ...] = (
    ({**_LIMIT, "quantity": 8_000, "price": 1_000}, -2010, "insufficient balance"),
    ({**_LIMIT, "quantity": "0.01", "price": 100}, -1013, "NOTIONAL"),
    ({**_LIMIT, "quantity": 1, "price": "100.001"}, -1013, "PRICE_FILTER"),
    ({**_LIMIT, "quantity": "0.000001", "price": 100}, -1013, "LOT_SIZE"),
    ({**_LIMIT, "quantity": 0.000_01, "price": 100}, -1100, "Illegal characters"),
    ({**_LIMIT, "quantity": 1}, -1102, "price"),
    ({**_LIMIT, "quantity": 1, "price": 1, "stopPrice": 1}, -1106, "stopPrice"),
    ({**_LIMIT, "quantity": 1, "price": 1, "color": "red"}, -1104, "Not all sent"),
    ({**_LIMIT, "quantity": 1, "price": 1, "side": "HOLD"}, -1117, "Invalid side"),
    ({**_LIMIT, "quantity": 1, "price": 1, "type": "STOP"}, -1116, "Invalid orderType"),
    ({**_LIMIT, "quantity": 1, "price": 1, "timeInForce": "GTD"}, -1115, "timeInForce"),
    ({**_LIMIT, "quantity": 1, "price": 1, "symbol": "NOPE"}, -1121, "Invalid symbol"),
    ({"side": "BUY", "type": "MARKET", "quantity": 1}, -2010, "liquidity"),
)


def test_an_order_that_is_refused_says_why(
    client: Any, alice: Account, symbol: str, subtests: pytest.Subtests
) -> None:
    for order, code, text in _REFUSED:
        with subtests.test(order=order):
            with pytest.raises(BinanceAPIException) as refused:
                client.create_order(**{"symbol": symbol, **order})
            assert (refused.value.status_code, refused.value.code) == (400, code)
            assert text in refused.value.message

    assert client.get_all_orders(symbol=symbol) == []
    # What only matching could refuse was paid for until then.
    expected = alice.balances()
    await_condition(lambda: money(client.get_account()) == expected, "all is free again")


def test_what_is_only_tried_is_not_placed(client: Any, alice: Account, symbol: str) -> None:
    order = {"symbol": symbol, **_LIMIT, "quantity": 1, "price": 95}
    assert client.create_test_order(**order) == {}
    with pytest.raises(BinanceAPIException, match="NOTIONAL"):
        client.create_test_order(**{**order, "price": 1})
    assert client.get_all_orders(symbol=symbol) == []
    assert alice.sent == 0


@pytest.mark.parametrize("by", [{"orderId": 987_654}, {"origClientOrderId": "nobodys"}])
def test_what_is_not_there_is_not_found(client: Any, symbol: str, by: dict[str, Any]) -> None:
    with pytest.raises(BinanceAPIException) as looked_at:
        client.get_order(symbol=symbol, **by)
    with pytest.raises(BinanceAPIException) as canceled:
        client.cancel_order(symbol=symbol, **by)
    assert (looked_at.value.code, canceled.value.code) == (-2013, -2011)
    with pytest.raises(BinanceAPIException) as none:
        client.cancel_all_open_orders(symbol=symbol)
    assert none.value.code == -2011


def test_keys_and_clocks(gateway: RunningGateway, alice: Account, symbol: str) -> None:
    def code_of(client: Any) -> tuple[int, int]:
        with pytest.raises(BinanceAPIException) as refused:
            client.create_order(symbol=symbol, **_LIMIT, quantity=1, price=50)
        return refused.value.status_code, refused.value.code

    with python_binance_client(gateway.url, alice.key) as client:
        client.timestamp_offset = -60_000
        assert code_of(client) == (400, -1021)
        client.timestamp_offset = client.get_server_time()["serverTime"] - time.time_ns() // 10**6
        assert money(client.get_account()) == alice.balances()
        client.API_SECRET = "another"
        assert code_of(client) == (400, -1022)
        client.session.headers["X-MBX-APIKEY"] = "nobodys"
        assert code_of(client) == (401, -2015)
    with python_binance_client(gateway.url, alice.reader) as client:
        assert code_of(client) == (401, -2015)
        assert client.get_account_api_permissions()["enableSpotAndMarginTrading"] is False
        assert money(client.get_account()) == alice.balances()
    assert alice.sent == 0


def test_too_many_orders_are_held_up(
    exchange: RunningExchange, alice: Account, symbol: str
) -> None:
    strict = RunningGateway(exchange, limits="on", limit_orders="3/day")
    try:
        strict.start()
        strict.keys.add(alice.key)
        with python_binance_client(strict.url, alice.key) as client:
            for step in range(3):
                client.order_limit_buy(symbol=symbol, quantity=1, price=50 + step)
            with pytest.raises(BinanceAPIException) as refused:
                client.order_limit_buy(symbol=symbol, quantity=1, price=60)
            assert (refused.value.status_code, refused.value.code) == (429, -1015)
            assert int(refused.value.response.headers["Retry-After"]) >= 1
            assert len(client.get_open_orders(symbol=symbol)) == 3
    finally:
        strict.close()
