"""How orders stand, and what was traded, as memory has it."""

from typing import Any

import pytest

from tests.web.account.orders import ORDER, await_order, await_trades, limit, market
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.signed_client import RefusedError, SignedClient

_OPEN, _ALL, _TRADES = "/api/v3/openOrders", "/api/v3/allOrders", "/api/v3/myTrades"
_PREVENTED = "/api/v3/myPreventedMatches"
_DAY_MS = 86_400_000


def test_an_order_as_it_stands(alice: SignedClient, bob: SignedClient, symbol: str) -> None:
    placed = limit(alice, symbol, "SELL", "1", "100", newClientOrderId="mine")
    filled = market(bob, symbol, "BUY", quantity="0.4")

    by_id = await_order(alice, symbol, placed["orderId"], status="PARTIALLY_FILLED")

    assert by_id == {
        "symbol": symbol,
        "orderId": placed["orderId"],
        "orderListId": -1,
        "clientOrderId": "mine",
        "price": "100.00000000",
        "origQty": "1.00000000",
        "executedQty": "0.40000000",
        "cummulativeQuoteQty": "40.00000000",
        "status": "PARTIALLY_FILLED",
        "timeInForce": "GTC",
        "type": "LIMIT",
        "side": "SELL",
        "stopPrice": "0.00000000",
        "icebergQty": "0.00000000",
        "time": placed["transactTime"],
        "updateTime": filled["transactTime"],
        "isWorking": True,
        "workingTime": placed["workingTime"],
        "origQuoteOrderQty": "0.00000000",
        "selfTradePreventionMode": "EXPIRE_MAKER",
    }
    assert alice.get(ORDER, symbol=symbol, origClientOrderId="mine") == by_id
    both = {"orderId": placed["orderId"], "origClientOrderId": "mine"}
    assert alice.get(ORDER, symbol=symbol, **both) == by_id
    with pytest.raises(RefusedError) as refused:
        alice.get(ORDER, symbol=symbol, **{**both, "origClientOrderId": "other"})
    assert refused.value.code == -2039


def test_microseconds_for_who_asks_for_them(
    alice: SignedClient, gateway: RunningGateway, symbol: str
) -> None:
    placed = limit(alice, symbol, "SELL", "1", "100")
    stop = {"type": "STOP_LOSS", "quantity": "1", "stopPrice": "90"}
    waiting = alice.post(ORDER, symbol=symbol, side="SELL", **stop)

    def shown(order: Any) -> Any:
        named = {"symbol": symbol, "orderId": order["orderId"]}
        return alice.response(
            "GET", ORDER, headers={"X-MBX-TIME-UNIT": "MICROSECOND"}, **named
        ).json()

    assert shown(placed)["time"] == placed["transactTime"] * 1_000
    assert shown(waiting)["workingTime"] == -1


def test_open_orders_of_a_symbol_and_of_all(
    alice: SignedClient, bob: SignedClient, symbols: Any
) -> None:
    first, second = next(symbols), next(symbols)
    for symbol in (second, first):
        limit(alice, symbol, "SELL", "1", "100")
        limit(alice, symbol, "SELL", "1", "101")
    limit(bob, first, "SELL", "1", "102")
    alice.delete(ORDER, symbol=first, orderId=1)

    assert [each["orderId"] for each in alice.get(_OPEN, symbol=first)] == [2]
    everywhere = [(each["symbol"], each["orderId"]) for each in alice.get(_OPEN)]
    assert everywhere == [(first, 2), (second, 1), (second, 2)]
    assert len(bob.get(_OPEN)) == 1


def test_all_orders_by_number_and_by_time(
    alice: SignedClient, bob: SignedClient, symbol: str
) -> None:
    orders = []
    for number in range(6):
        orders.append(limit(alice, symbol, "SELL", "1", str(100 + number)))
        limit(bob, symbol, "BUY", "1", "50")
        if number % 2:
            alice.delete(ORDER, symbol=symbol, orderId=orders[-1]["orderId"])

    def numbers(**wanted: Any) -> list[int]:
        return [each["orderId"] for each in alice.get(_ALL, symbol=symbol, **wanted)]

    assert numbers() == [1, 3, 5, 7, 9, 11]
    statuses = [each["status"] for each in alice.get(_ALL, symbol=symbol)]
    assert statuses == ["NEW", "CANCELED"] * 3
    assert numbers(limit=2) == [9, 11]
    assert numbers(orderId=4) == [5, 7, 9, 11]
    assert numbers(orderId=3, limit=2) == [3, 5]
    times = [each["transactTime"] for each in orders]
    since = [number for number, at in zip(numbers(), times, strict=True) if at >= times[2]]
    until = [number for number, at in zip(numbers(), times, strict=True) if at <= times[2]]
    assert numbers(startTime=times[2]) == since
    assert numbers(startTime=times[2], limit=1) == since[:1]
    assert numbers(endTime=times[2]) == until
    assert numbers(endTime=times[2], limit=1) == until[-1:]
    assert numbers(startTime=times[2] * 1_000, endTime=times[2] * 1_000)[:1] == since[:1]
    assert numbers(startTime=0, endTime=_DAY_MS) == []


@pytest.mark.parametrize("path", [_ALL, _TRADES])
def test_windows_that_will_not_do(alice: SignedClient, symbol: str, path: str) -> None:
    def said(**wanted: Any) -> tuple[int, str]:
        with pytest.raises(RefusedError) as refused:
            alice.get(path, symbol=symbol, **wanted)
        return refused.value.code, refused.value.msg

    assert said(startTime=0, endTime=_DAY_MS + 1) == (
        -1127,
        "More than 24 hours between startTime and endTime.",
    )
    assert said(startTime=2, endTime=1)[0] == -1128
    assert said(limit=0)[0] == -1130


def test_my_trades(alice: SignedClient, bob: SignedClient, symbol: str) -> None:
    first = limit(alice, symbol, "SELL", "1", "100")
    for quantity in ("0.1", "0.2", "0.3"):
        market(bob, symbol, "BUY", quantity=quantity)
    second = limit(alice, symbol, "SELL", "1", "100")
    market(bob, symbol, "BUY", quantity="0.5")

    mine = await_trades(alice, symbol, 5)

    assert [(each["id"], each["orderId"], each["qty"]) for each in mine] == [
        (1, first["orderId"], "0.10000000"),
        (2, first["orderId"], "0.20000000"),
        (3, first["orderId"], "0.30000000"),
        (4, first["orderId"], "0.40000000"),
        (5, second["orderId"], "0.10000000"),
    ]
    assert mine[0] == {
        "symbol": symbol,
        "id": 1,
        "orderId": first["orderId"],
        "orderListId": -1,
        "price": "100.00000000",
        "qty": "0.10000000",
        "quoteQty": "10.00000000",
        "commission": "0.01000000",
        "commissionAsset": "USDT",
        "time": mine[0]["time"],
        "isBuyer": False,
        "isMaker": True,
        "isBestMatch": True,
    }
    theirs = bob.get(_TRADES, symbol=symbol)[0]
    assert (theirs["commission"], theirs["commissionAsset"]) == ("0.00020000", "BTC")
    assert (theirs["isBuyer"], theirs["isMaker"]) == (True, False)

    def numbers(**wanted: Any) -> list[int]:
        return [each["id"] for each in alice.get(_TRADES, symbol=symbol, **wanted)]

    assert numbers(limit=2) == [4, 5]
    assert numbers(fromId=2, limit=2) == [2, 3]
    assert numbers(orderId=second["orderId"]) == [5]
    assert numbers(orderId=first["orderId"], fromId=3) == [3, 4]
    assert numbers(orderId=999) == []
    with pytest.raises(RefusedError) as refused:
        numbers(fromId=1, startTime=1)
    assert refused.value.code == -1128


def test_a_trade_with_oneself_is_two_halves(alice: SignedClient, symbol: str) -> None:
    limit(alice, symbol, "SELL", "1", "100", selfTradePreventionMode="NONE")
    reply = limit(alice, symbol, "BUY", "1", "100", selfTradePreventionMode="NONE")

    assert [fill["tradeId"] for fill in reply["fills"]] == [1]
    halves = alice.get(_TRADES, symbol=symbol)
    assert [(each["id"], each["orderId"], each["isMaker"]) for each in halves] == [
        (1, 1, True),
        (1, 2, False),
    ]


@pytest.mark.parametrize(
    ("mode", "status", "prevented", "maker_lost"),
    [
        ("EXPIRE_MAKER", "NEW", None, "1.00000000"),
        ("EXPIRE_TAKER", "EXPIRED_IN_MATCH", "0.40000000", "0.00000000"),
        ("EXPIRE_BOTH", "EXPIRED_IN_MATCH", "0.40000000", "1.00000000"),
        ("DECREMENT", "EXPIRED_IN_MATCH", "0.40000000", "0.40000000"),
    ],
)
def test_prevented_matches(
    alice: SignedClient,
    symbol: str,
    mode: str,
    status: str,
    prevented: str | None,
    maker_lost: str,
) -> None:
    maker = limit(alice, symbol, "SELL", "1", "100")

    reply = limit(alice, symbol, "BUY", "0.4", "100", selfTradePreventionMode=mode)

    assert (reply["status"], reply.get("preventedQuantity")) == (status, prevented)
    assert reply["fills"] == []
    (match,) = alice.get(_PREVENTED, symbol=symbol, orderId=reply["orderId"])
    assert match == {
        "symbol": symbol,
        "preventedMatchId": match["preventedMatchId"],
        "takerOrderId": reply["orderId"],
        "makerSymbol": symbol,
        "makerOrderId": maker["orderId"],
        "tradeGroupId": -1,
        "selfTradePreventionMode": mode,
        "price": "100.00000000",
        "makerPreventedQuantity": maker_lost,
        "transactTime": reply["transactTime"],
    }
    number = match["preventedMatchId"]
    assert alice.get(_PREVENTED, symbol=symbol, preventedMatchId=number) == [match]
    assert alice.get(_PREVENTED, symbol=symbol, orderId=maker["orderId"]) == [match]
    shown = alice.get(ORDER, symbol=symbol, orderId=reply["orderId"])
    if prevented is not None:
        assert reply["preventedMatchId"] == number
        assert (shown["preventedMatchId"], shown["preventedQuantity"]) == (number, prevented)
    with pytest.raises(RefusedError) as refused:
        alice.get(_PREVENTED, symbol=symbol)
    assert refused.value.code == -1128


def test_a_gateway_that_is_started_later_knows_what_is_open_and_what_was_traded(
    exchange: RunningExchange, alice: SignedClient, bob: SignedClient, symbol: str
) -> None:
    kept = limit(alice, symbol, "SELL", "1", "100", newClientOrderId="kept")
    market(bob, symbol, "BUY", quantity="0.4")
    await_order(alice, symbol, kept["orderId"], status="PARTIALLY_FILLED")
    gone = limit(alice, symbol, "SELL", "1", "101")
    alice.delete(ORDER, symbol=symbol, orderId=gone["orderId"], newClientOrderId="the-cancel")
    # A refused change is the last that the log has of it.
    with pytest.raises(RefusedError):
        alice.put(f"{ORDER}/amend/keepPriority", symbol=symbol, orderId=kept["orderId"], newQty="2")
    for past_seconds in (3_600, 0):
        later = RunningGateway(exchange, past_seconds=past_seconds)
        try:
            later.start()
            client = SignedClient(later, alice.account_id)
            try:
                assert client.get(_OPEN, symbol=symbol) == alice.get(_OPEN, symbol=symbol)
                named = {"symbol": symbol, "origClientOrderId": "kept"}
                assert client.get(ORDER, **named)["executedQty"] == "0.40000000"
                canceled = client.get(ORDER, symbol=symbol, orderId=gone["orderId"])
                assert (canceled["status"], canceled["clientOrderId"]) == (
                    "CANCELED",
                    gone["clientOrderId"],
                )
                if past_seconds:
                    mine = client.get(_TRADES, symbol=symbol)
                    assert mine == alice.get(_TRADES, symbol=symbol)
            finally:
                client.close()
        finally:
            later.close()
