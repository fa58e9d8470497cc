"""No account ever sees or touches what is another one's, whatever it names."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tests.web.account.conftest import NewClient
from tests.web.account.orders import ORDER, limit, market
from tests.web.running_exchange import RunningGateway
from tests.web.signed_client import RefusedError, SignedClient
from web.auth.caller import Scope


class Victim(NamedTuple):
    """An account with an order that is open and partly filled, and one that is closed."""

    client: SignedClient
    symbol: str
    open: Any
    closed: Any


@pytest.fixture
def victim(new_client: NewClient, symbol: str) -> Victim:
    client, taker = new_client("victim"), new_client("taker")
    closed = limit(client, symbol, "SELL", "1", "100", newClientOrderId="victim-closed")
    market(taker, symbol, "BUY", quantity="1")
    kept = limit(client, symbol, "SELL", "1", "100", newClientOrderId="victim-open")
    market(taker, symbol, "BUY", quantity="0.25")
    return Victim(client, symbol, kept, closed)


def _names(victim: Victim) -> list[dict[str, Any]]:
    return [
        name
        for order in (victim.open, victim.closed)
        for name in (
            {"orderId": order["orderId"]},
            {"origClientOrderId": order["clientOrderId"]},
            {"orderId": order["orderId"], "origClientOrderId": order["clientOrderId"]},
        )
    ]


def test_by_no_name_can_a_stranger_read_or_change_an_order(
    new_client: NewClient, victim: Victim
) -> None:
    stranger, symbol = new_client("stranger"), victim.symbol
    before = _everything(victim)

    for name in _names(victim):
        replaced = {f"cancel{key[0].upper()}{key[1:]}": value for key, value in name.items()}
        terms = {"side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1"}
        terms |= {"price": "100", "cancelReplaceMode": "STOP_ON_FAILURE", **replaced}
        asked: list[tuple[int, Callable[[], Any]]] = [
            (-2013, lambda name=name: stranger.get(ORDER, symbol=symbol, **name)),
            (-2011, lambda name=name: stranger.delete(ORDER, symbol=symbol, **name)),
            (
                -2038,
                lambda name=name: stranger.put(
                    f"{ORDER}/amend/keepPriority", symbol=symbol, newQty="0.5", **name
                ),
            ),
            (
                -2022,
                lambda terms=terms: stranger.post(f"{ORDER}/cancelReplace", symbol=symbol, **terms),
            ),
        ]
        for code, ask in asked:
            with pytest.raises(RefusedError) as refused:
                ask()
            assert refused.value.code == code
            assert victim.client.account_id not in str(refused.value)

    assert _everything(victim) == before
    with pytest.raises(RefusedError) as refused:
        stranger.delete("/api/v3/openOrders", symbol=symbol)
    assert refused.value.code == -2011
    assert _everything(victim) == before


def test_a_stranger_finds_nothing_in_any_list(new_client: NewClient, victim: Victim) -> None:
    stranger, symbol = new_client("stranger"), victim.symbol
    number = victim.open["orderId"]

    assert stranger.get("/api/v3/openOrders") == []
    assert stranger.get("/api/v3/openOrders", symbol=symbol) == []
    for wanted in ({}, {"orderId": 1}, {"startTime": 1}, {"endTime": 2**50}):
        assert stranger.get("/api/v3/allOrders", symbol=symbol, **wanted) == []
    for wanted in ({}, {"orderId": number}, {"fromId": 0}, {"orderId": number, "fromId": 0}):
        assert stranger.get("/api/v3/myTrades", symbol=symbol, **wanted) == []
    assert stranger.get("/api/v3/myPreventedMatches", symbol=symbol, orderId=number) == []
    assert stranger.get(f"{ORDER}/amendments", symbol=symbol, orderId=number) == []
    assert stranger.get("/api/v3/myAllocations", symbol=symbol) == []
    assert stranger.get("/sapi/v1/capital/withdraw/history") == []
    deposits = stranger.get("/sapi/v1/capital/deposit/hisrec")
    assert {each["address"] for each in deposits} <= {stranger.account_id}


def test_equal_client_order_ids_of_two_accounts_are_two_orders(
    new_client: NewClient, victim: Victim
) -> None:
    stranger, symbol = new_client("stranger"), victim.symbol
    theirs = limit(stranger, symbol, "SELL", "1", "101", newClientOrderId="victim-open")

    found = stranger.get(ORDER, symbol=symbol, origClientOrderId="victim-open")
    canceled = stranger.delete(ORDER, symbol=symbol, origClientOrderId="victim-open")

    assert found["orderId"] == canceled["orderId"] == theirs["orderId"]
    mine = victim.client.get(ORDER, symbol=symbol, origClientOrderId="victim-open")
    assert (mine["orderId"], mine["status"]) == (victim.open["orderId"], "PARTIALLY_FILLED")


def test_money_is_moved_for_who_signs_alone(new_client: NewClient, victim: Victim) -> None:
    stranger = new_client("stranger")
    before = victim.client.balance("BTC")

    stranger.post(
        "/sapi/v1/capital/withdraw/apply",
        coin="BTC",
        amount="1",
        address=victim.client.account_id,
        withdrawOrderId="same",
    )
    assert victim.client.get("/sapi/v1/capital/withdraw/history", withdrawOrderId="same") == []
    address = stranger.get("/sapi/v1/capital/deposit/address", coin="BTC")
    assert address["address"] == stranger.account_id
    with pytest.raises(RefusedError) as refused:
        stranger.post("/tradeflow/v1/deposit", coin="BTC", amount="1", account="victim")
    assert refused.value.code == -1104
    assert victim.client.balance("BTC") == before


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        (Scope.READ, "POST", ORDER),
        (Scope.READ, "POST", f"{ORDER}/test"),
        (Scope.READ, "DELETE", ORDER),
        (Scope.READ, "DELETE", "/api/v3/openOrders"),
        (Scope.READ, "POST", f"{ORDER}/cancelReplace"),
        (Scope.READ, "PUT", f"{ORDER}/amend/keepPriority"),
        (Scope.READ, "POST", "/tradeflow/v1/deposit"),
        (Scope.TRADE, "POST", "/sapi/v1/capital/withdraw/apply"),
        (Scope.TRADE, "GET", "/api/v3/account"),
        (Scope.TRADE, "POST", "/tradeflow/v1/symbol/status"),
        (Scope.WITHDRAW, "POST", ORDER),
    ],
)
def test_a_key_does_what_its_scopes_allow(
    gateway: RunningGateway, scope: Scope, method: str, path: str
) -> None:
    client = SignedClient(gateway, "scoped", scope)
    try:
        with pytest.raises(RefusedError) as refused:
            client.ask(method, path)
    finally:
        client.close()
    assert refused.value.said == (401, -2015, "Invalid API-key, IP, or permissions for action.")


def _everything(victim: Victim) -> Any:
    client, symbol = victim.client, victim.symbol
    return [
        client.get("/api/v3/allOrders", symbol=symbol),
        client.get("/api/v3/openOrders"),
        client.get("/api/v3/myTrades", symbol=symbol),
    ]
