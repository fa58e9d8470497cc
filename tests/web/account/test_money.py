"""What an account has, and money in and out of it."""

from typing import Any

import pytest

from tests.chaos.exchange import await_condition
from tests.web.account.conftest import NewClient
from tests.web.account.orders import ORDER, limit
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.signed_client import RefusedError, SignedClient

_FAUCET = "/tradeflow/v1/deposit"
_WITHDRAW = "/sapi/v1/capital/withdraw/apply"
_WITHDRAWN = "/sapi/v1/capital/withdraw/history"
_DEPOSITED = "/sapi/v1/capital/deposit/hisrec"


def test_an_account(new_client: NewClient, symbol: str) -> None:
    client = new_client("holder", units=10**9)
    limit(client, symbol, "SELL", "4", "100")
    await_condition(lambda: client.balance("BTC") == (6 * 10**8, 4 * 10**8), "the hold is seen")

    account = client.get("/api/v3/account")

    assert account["balances"] == [
        {"asset": "BTC", "free": "6.00000000", "locked": "4.00000000"},
        {"asset": "USDT", "free": "10.00000000", "locked": "0.00000000"},
    ]
    assert (account["makerCommission"], account["takerCommission"]) == (10, 20)
    assert account["commissionRates"] == {
        "maker": "0.00100000",
        "taker": "0.00200000",
        "buyer": "0.00000000",
        "seller": "0.00000000",
    }
    assert (account["canTrade"], account["canWithdraw"], account["canDeposit"]) == (True,) * 3
    assert (account["accountType"], account["permissions"]) == ("SPOT", ["SPOT"])
    assert account["updateTime"] > 10**12
    assert account["uid"] == client.get("/api/v3/account")["uid"]


def test_zero_balances_are_left_out_for_who_asks(gateway: RunningGateway) -> None:
    client = SignedClient(gateway, "penniless")
    try:
        assert len(client.get("/api/v3/account")["balances"]) == 2
        assert client.get("/api/v3/account", omitZeroBalances="true")["balances"] == []
        assert not client.get("/api/v3/account")["canTrade"]
    finally:
        client.close()


def test_commission_rates(alice: SignedClient, symbol: str) -> None:
    reply = alice.get("/api/v3/account/commission", symbol=symbol)

    assert reply["standardCommission"] == {
        "maker": "0.00100000",
        "taker": "0.00200000",
        "buyer": "0.00000000",
        "seller": "0.00000000",
    }
    assert not reply["discount"]["enabledForAccount"]


def test_an_order_that_is_only_tried_out(alice: SignedClient, symbol: str) -> None:
    terms = {"symbol": symbol, "side": "SELL", "type": "LIMIT", "timeInForce": "GTC"}
    terms |= {"quantity": "1", "price": "100"}

    assert alice.post(f"{ORDER}/test", **terms) == {}
    rates = alice.post(f"{ORDER}/test", computeCommissionRates="true", **terms)

    assert rates["standardCommissionForOrder"] == {"maker": "0.00100000", "taker": "0.00200000"}
    assert alice.get("/api/v3/allOrders", symbol=symbol) == []


def test_what_limits_an_account(alice: SignedClient, symbol: str) -> None:
    assert alice.get("/api/v3/myFilters", symbol=symbol)["symbolFilters"] == [
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 8},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 3},
        {"filterType": "MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders": 2},
    ]
    limit(alice, symbol, "SELL", "1", "100")
    limits = alice.get("/api/v3/rateLimit/order")
    assert [(each["interval"], each["count"]) for each in limits] == [("SECOND", 1), ("DAY", 1)]
    assert alice.get("/api/v3/openOrderList") == []


def test_money_from_the_faucet_opens_an_account(gateway: RunningGateway, symbol: str) -> None:
    client = SignedClient(gateway, "newcomer")
    try:
        reply = client.post(_FAUCET, coin="BTC", amount="2.5")
        assert (reply["coin"], reply["amount"]) == ("BTC", "2.50000000")
        await_condition(lambda: client.balance("BTC") == (250_000_000, 0), "it is there")

        assert limit(client, symbol, "SELL", "2.5", "100")["status"] == "NEW"
        (told,) = client.get(_DEPOSITED, coin="BTC")
        assert (told["id"], told["amount"], told["status"]) == (reply["id"], "2.50000000", 1)
        assert client.get(_DEPOSITED, coin="USDT") == []
        assert client.get(_DEPOSITED, status=0) == []
        assert client.get(_DEPOSITED, startTime=told["insertTime"] + 1) == []
    finally:
        client.close()


def test_a_faucet_can_be_closed(exchange: RunningExchange) -> None:
    dry = RunningGateway(exchange, faucet=False)
    try:
        client = SignedClient(dry.start(), "thirsty")
        try:
            with pytest.raises(RefusedError) as refused:
                client.post(_FAUCET, coin="BTC", amount="1")
        finally:
            client.close()
    finally:
        dry.close()
    assert refused.value.said == (400, -1020, "This operation is not supported.")


def test_a_withdrawal_under_one_name_is_done_once(new_client: NewClient) -> None:
    client = new_client("leaver", units=10**9)
    terms = {"coin": "BTC", "amount": "1.5", "address": "somewhere", "withdrawOrderId": "w-1"}

    first = client.post(_WITHDRAW, **terms)
    assert client.post(_WITHDRAW, **terms) == first
    with pytest.raises(RefusedError) as refused:
        client.post(_WITHDRAW, **{**terms, "amount": "2"})
    assert refused.value.code == -1130

    await_condition(lambda: client.balance("BTC") == (850_000_000, 0), "it went out")
    unnamed = client.post(_WITHDRAW, coin="BTC", amount="0.5", address="somewhere")
    assert unnamed["id"] != first["id"]
    told = client.get(_WITHDRAWN)
    assert [each["id"] for each in told] == [unnamed["id"], first["id"]]
    assert [each["withdrawOrderId"] for each in told[1:]] == ["w-1"]
    assert [each["amount"] for each in told] == ["0.50000000", "1.50000000"]
    assert client.get(_WITHDRAWN, withdrawOrderId="w-1") == told[1:]
    assert client.get(_WITHDRAWN, idList=unnamed["id"]) == told[:1]
    assert client.get(_WITHDRAWN, offset=1) == told[1:]


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (
            {"coin": "BTC", "amount": "11"},
            (-2010, "Account has insufficient balance for requested action."),
        ),
        ({"coin": "NONE", "amount": "1"}, (-1130, "Data sent for parameter 'coin' is not valid.")),
        ({"coin": "BTC", "amount": "0"}, (-1130, "Data sent for parameter 'amount' is not valid.")),
        (
            {"coin": "BTC", "amount": "0.123456789"},
            (-1111, "Parameter 'amount' has too much precision."),
        ),
    ],
)
def test_withdrawals_that_will_not_do(
    new_client: NewClient, terms: dict[str, Any], said: tuple[int, str]
) -> None:
    client = new_client("leaver", units=10**9)

    with pytest.raises(RefusedError) as refused:
        client.post(_WITHDRAW, address="somewhere", **terms)

    assert (refused.value.code, refused.value.msg) == said
    assert client.balance("BTC") == (10**9, 0)
