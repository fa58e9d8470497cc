"""What the gateway and the exchange refuse, as clients are told."""

from typing import Any

import pytest

from tests.chaos.exchange import await_condition
from tests.web.account.conftest import NewClient
from tests.web.account.orders import ORDER, limit, market
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.signed_client import RefusedError, SignedClient
from web.auth.caller import Scope

_LIMIT = {"type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": "100"}
_STOP = {"type": "STOP_LOSS", "quantity": "1", "stopPrice": "90"}
_STOP_LIMIT = {**_STOP, "type": "STOP_LOSS_LIMIT", "price": "90", "timeInForce": "GTC"}
_MARKET = {"type": "MARKET", "quantity": "1"}


def _without(terms: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in terms.items() if key != name}


def _mandatory(name: str) -> tuple[int, str]:
    return -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."


def _not_required(name: str) -> tuple[int, str]:
    return -1106, f"Parameter '{name}' sent when not required."


def _filter(name: str) -> tuple[int, str]:
    return -1013, f"Filter failure: {name}"


_PARAMETERS: list[tuple[dict[str, str], tuple[int, str]]] = [
    ({**_LIMIT, "side": "HOLD"}, (-1117, "Invalid side.")),
    ({**_LIMIT, "type": "PEGGED"}, (-1116, "Invalid orderType.")),
    ({**_LIMIT, "timeInForce": "DAY"}, (-1115, "Invalid timeInForce.")),
    (_without(_LIMIT, "type"), _mandatory("type")),
    (_without(_LIMIT, "price"), _mandatory("price")),
    (_without(_LIMIT, "quantity"), _mandatory("quantity")),
    (_without(_LIMIT, "timeInForce"), _mandatory("timeInForce")),
    (_without(_STOP, "stopPrice"), _mandatory("stopPrice")),
    (_without(_STOP_LIMIT, "price"), _mandatory("price")),
    ({**_LIMIT, "stopPrice": "90"}, _not_required("stopPrice")),
    ({**_LIMIT, "quoteOrderQty": "90"}, _not_required("quoteOrderQty")),
    ({**_LIMIT, "type": "LIMIT_MAKER"}, _not_required("timeInForce")),
    ({**_MARKET, "timeInForce": "GTC"}, _not_required("timeInForce")),
    ({**_MARKET, "price": "1"}, _not_required("price")),
    ({**_MARKET, "icebergQty": "1"}, _not_required("icebergQty")),
    ({**_STOP, "price": "1"}, _not_required("price")),
    (
        {"type": "MARKET"},
        (-1102, "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!"),
    ),
    (
        {**_MARKET, "quoteOrderQty": "1"},
        (-1128, "Combination of optional parameters invalid."),
    ),
    ({**_LIMIT, "price": "100.123456789"}, (-1111, "Parameter 'price' has too much precision.")),
    (
        {**_LIMIT, "quantity": "0.000000001"},
        (-1111, "Parameter 'quantity' has too much precision."),
    ),
    ({**_LIMIT, "quantity": "9" * 20}, (-1108, "Parameter 'quantity' overflowed.")),
    (
        {**_LIMIT, "quantity": "-1"},
        (
            -1100,
            "Illegal characters found in parameter 'quantity'; legal range is "
            "'^([0-9]{1,20})(\\.[0-9]{1,20})?$'.",
        ),
    ),
    ({**_LIMIT, "price": "100.001"}, _filter("PRICE_FILTER")),
    ({**_LIMIT, "price": "1000000.01"}, _filter("PRICE_FILTER")),
    ({**_STOP, "stopPrice": "1000000.01"}, _filter("PRICE_FILTER")),
    ({**_LIMIT, "quantity": "0.000001"}, _filter("LOT_SIZE")),
    ({**_LIMIT, "quantity": "9001", "price": "1"}, _filter("LOT_SIZE")),
    # Worth more than can be paid, at the highest price: but clients know what a filter is.
    ({**_LIMIT, "quantity": "100000", "price": "1"}, _filter("LOT_SIZE")),
    ({**_LIMIT, "icebergQty": "0.000001"}, _filter("LOT_SIZE")),
    ({**_STOP, "quantity": "101"}, _filter("MARKET_LOT_SIZE")),
    ({**_LIMIT, "quantity": "1", "icebergQty": "0.05"}, _filter("ICEBERG_PARTS")),
    ({**_LIMIT, "quantity": "0"}, (-2010, "Price * QTY is zero or less.")),
    ({**_LIMIT, "price": "0"}, (-2010, "Price * QTY is zero or less.")),
    ({**_LIMIT, "icebergQty": "2"}, (-2010, "IcebergQty exceeds QTY.")),
    (
        {**_LIMIT, "timeInForce": "IOC", "icebergQty": "1"},
        (-2010, "Unsupported order combination"),
    ),
    (
        {**_STOP, "trailingDelta": "10"},
        (-2010, "Trailing stop orders are not supported for this symbol."),
    ),
    (
        {**_LIMIT, "pegPriceType": "PRIMARY_PEG"},
        (-2010, "Pegged orders are not supported for this symbol."),
    ),
    ({**_LIMIT, "strategyType": "5"}, (-1134, "strategyType was less than 1000000.")),
    (
        {**_LIMIT, "newOrderRespType": "ALL"},
        (-1130, "Data sent for parameter 'newOrderRespType' is not valid."),
    ),
    (
        {**_LIMIT, "selfTradePreventionMode": "TRANSFER"},
        (-1130, "Data sent for parameter 'selfTradePreventionMode' is not valid."),
    ),
    (
        {**_LIMIT, "newClientOrderId": "a b"},
        (
            -1100,
            "Illegal characters found in parameter 'newClientOrderId'; legal range is "
            "'^[a-zA-Z0-9-_]{1,36}$'.",
        ),
    ),
    ({**_LIMIT, "color": "red"}, (-1104, "")),
]


@pytest.fixture(scope="module")
def poor(gateway: RunningGateway) -> Any:
    """A client whose account nobody has opened."""
    client = SignedClient(gateway, "nobody-at-all")
    yield client
    client.close()


@pytest.mark.parametrize("path", [ORDER, f"{ORDER}/test"])
@pytest.mark.parametrize(("terms", "said"), _PARAMETERS)
def test_parameters_that_will_not_do(
    poor: SignedClient, path: str, terms: dict[str, str], said: tuple[int, str]
) -> None:
    with pytest.raises(RefusedError) as refused:
        poor.post(path, **{"symbol": "M000USDT", "side": "SELL", **terms})

    assert refused.value.status == 400
    assert refused.value.code == said[0]
    assert refused.value.msg == (said[1] or refused.value.msg)


def test_an_unknown_symbol(poor: SignedClient) -> None:
    with pytest.raises(RefusedError) as refused:
        limit(poor, "NOBODY", "SELL", "1", "100")

    assert refused.value.said == (400, -1121, "Invalid symbol.")


def test_who_has_no_account_has_no_money(poor: SignedClient, symbol: str) -> None:
    with pytest.raises(RefusedError) as refused:
        limit(poor, symbol, "SELL", "1", "100")

    message = "Account has insufficient balance for requested action."
    assert refused.value.said == (400, -2010, message)


def test_too_little_money(new_client: NewClient, symbol: str) -> None:
    client = new_client("poor", units=10**8)

    for side, price in (("SELL", "100"), ("BUY", "1")):
        with pytest.raises(RefusedError) as refused:
            limit(client, symbol, side, "10", price)
        message = "Account has insufficient balance for requested action."
        assert refused.value.said == (400, -2010, message)


@pytest.mark.parametrize(
    "terms",
    [
        {"side": "BUY", "quantity": "1"},
        {"side": "SELL", "quantity": "1"},
        {"side": "BUY", "quoteOrderQty": "100"},
        {"side": "SELL", "quoteOrderQty": "100"},
    ],
)
def test_nobody_to_trade_with(alice: SignedClient, symbol: str, terms: dict[str, str]) -> None:
    with pytest.raises(RefusedError) as refused:
        alice.post(ORDER, symbol=symbol, type="MARKET", **terms)

    message = "Order book liquidity is less than symbol minimum quantity."
    assert refused.value.said == (400, -2010, message)


def test_amounts_too_small_for_the_notional_filter(alice: SignedClient, symbol: str) -> None:
    for path in (ORDER, f"{ORDER}/test"):
        with pytest.raises(RefusedError) as refused:
            alice.post(path, symbol=symbol, side="SELL", **{**_LIMIT, "quantity": "0.049"})
        assert refused.value.said == (400, -1013, "Filter failure: NOTIONAL")


def test_a_price_far_from_the_average(alice: SignedClient, bob: SignedClient, symbol: str) -> None:
    limit(alice, symbol, "SELL", "1", "100")
    market(bob, symbol, "BUY", quantity="1")

    for side, price in (("BUY", "19.99"), ("SELL", "500.01")):
        with pytest.raises(RefusedError) as refused:
            limit(alice, symbol, side, "1", price)
        assert refused.value.said == (400, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE")


def test_a_stop_on_the_wrong_side(alice: SignedClient, bob: SignedClient, symbol: str) -> None:
    limit(alice, symbol, "SELL", "1", "100")
    market(bob, symbol, "BUY", quantity="1")

    with pytest.raises(RefusedError) as refused:
        alice.post(ORDER, symbol=symbol, side="SELL", **{**_STOP, "stopPrice": "101"})

    assert refused.value.said == (400, -2010, "Order would trigger immediately.")


def test_too_many_orders_of_a_kind(alice: SignedClient, symbol: str) -> None:
    for _ in range(2):
        limit(alice, symbol, "SELL", "1", "100", icebergQty="0.5")
    _expect(alice, symbol, "MAX_NUM_ICEBERG_ORDERS", **{**_LIMIT, "icebergQty": "0.5"})
    for _ in range(3):
        alice.post(ORDER, symbol=symbol, side="SELL", **_STOP)
    _expect(alice, symbol, "MAX_NUM_ALGO_ORDERS", **_STOP)
    for _ in range(3):
        limit(alice, symbol, "SELL", "1", "100")
    _expect(alice, symbol, "MAX_NUM_ORDERS", **_LIMIT)


def _expect(client: SignedClient, symbol: str, name: str, **terms: str) -> None:
    with pytest.raises(RefusedError) as refused:
        client.post(ORDER, symbol=symbol, side="SELL", **terms)
    assert refused.value.said == (400, -1013, f"Filter failure: {name}")


def test_one_client_order_id_is_one_order(alice: SignedClient, symbol: str) -> None:
    limit(alice, symbol, "SELL", "1", "100", newClientOrderId="once")
    for _ in range(2):
        with pytest.raises(RefusedError) as refused:
            limit(alice, symbol, "SELL", "1", "100", newClientOrderId="once")
        assert refused.value.said == (400, -2010, "Duplicate order sent.")

    assert len(alice.get("/api/v3/openOrders", symbol=symbol)) == 1


def test_a_locked_account(exchange: RunningExchange, new_client: NewClient, symbol: str) -> None:
    client = new_client("locked")
    order = limit(client, symbol, "SELL", "1", "100")
    exchange.set_account_status(client.account_id, "LOCKED")
    await_condition(lambda: not client.get("/api/v3/account")["canTrade"], "it is locked")

    with pytest.raises(RefusedError) as refused:
        limit(client, symbol, "SELL", "1", "100")

    message = "This account may not place or cancel orders."
    assert refused.value.said == (400, -2010, message)
    # What is open can be taken back.
    assert client.delete(ORDER, symbol=symbol, orderId=order["orderId"])["status"] == "CANCELED"


def test_a_halted_symbol(alice: SignedClient, gateway: RunningGateway, symbol: str) -> None:
    path = "/tradeflow/v1/symbol/status"
    order = limit(alice, symbol, "SELL", "1", "100")
    assert alice.post(path, symbol=symbol, status="HALT")["status"] == "HALT"
    for refused_order in (
        lambda: limit(alice, symbol, "SELL", "1", "100"),
        lambda: alice.delete(ORDER, symbol=symbol, orderId=order["orderId"]),
        lambda: alice.put(
            f"{ORDER}/amend/keepPriority", symbol=symbol, orderId=order["orderId"], newQty="0.5"
        ),
    ):
        with pytest.raises(RefusedError) as refused:
            refused_order()
        assert refused.value.msg == "Market is closed."

    alice.post(path, symbol=symbol, status="CANCEL_ONLY")
    with pytest.raises(RefusedError) as refused:
        limit(alice, symbol, "SELL", "1", "100")
    assert refused.value.said == (400, -2010, "Market is closed.")
    assert alice.delete(ORDER, symbol=symbol, orderId=order["orderId"])["status"] == "CANCELED"

    assert alice.delete(path, symbol=symbol)["status"] == "TRADING"
    assert limit(alice, symbol, "SELL", "1", "100")["status"] == "NEW"


def test_only_operators_halt_symbols(gateway: RunningGateway, symbol: str) -> None:
    trader = SignedClient(gateway, "no-operator", Scope.TRADE, Scope.READ, Scope.WITHDRAW)
    try:
        with pytest.raises(RefusedError) as refused:
            trader.post("/tradeflow/v1/symbol/status", symbol=symbol, status="HALT")
    finally:
        trader.close()
    assert refused.value.code == -2015


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "orderList/oto"),
        ("POST", "orderList/otoco"),
        ("POST", "sor/order"),
    ],
)
def test_what_is_not_supported_says_so(
    poor: SignedClient, symbol: str, method: str, path: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        poor.ask(method, f"/api/v3/{path}", symbol=symbol)

    assert refused.value.said == (400, -1020, "This operation is not supported.")
