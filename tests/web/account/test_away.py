"""A stage that is away: the outcome is unknown, and then the truth is told."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.chaos.exchange import await_condition
from tests.web.account.orders import ORDER, limit
from tests.web.running_exchange import RunningExchange, RunningGateway
from tests.web.signed_client import RefusedError, SignedClient, funded_client

_UNKNOWN = (
    504,
    -1007,
    "Timeout waiting for response from backend server. "
    "Send status unknown; execution status unknown.",
)
_SYMBOL = "BTCUSDT"


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    """One whose stages are killed."""
    with RunningExchange(tmp_path_factory.mktemp("exchange")) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(exchange: RunningExchange) -> Iterator[RunningGateway]:
    """A gateway that does not wait for long."""
    with RunningGateway(exchange, reply_seconds=4) as running:
        yield running


@pytest.fixture(scope="module")
def trader(exchange: RunningExchange, gateway: RunningGateway) -> Iterator[SignedClient]:
    client = funded_client(exchange, gateway, "trader")
    yield client
    client.close()


def bring_back(exchange: RunningExchange, stage: str) -> None:
    exchange.start_stage(stage).await_said(r"ready with \d+ partitions")


def shown(client: SignedClient, name: str) -> Any:
    return client.get(ORDER, symbol=_SYMBOL, origClientOrderId=name)


def is_shown_as(client: SignedClient, name: str, status: str) -> bool:
    try:
        return bool(shown(client, name)["status"] == status)
    except RefusedError as refused:
        assert refused.said == _UNKNOWN
        return False


def is_unknown(client: SignedClient, name: str) -> bool:
    try:
        return not shown(client, name)
    except RefusedError as refused:
        return refused.code == -2013


def refusal(ask: Any, *arguments: Any, **named: Any) -> tuple[int, int, str]:
    with pytest.raises(RefusedError) as refused:
        ask(*arguments, **named)
    return refused.value.said


@pytest.mark.parametrize("stage", ["matching", "accounts"])
def test_an_order_that_is_on_its_way(
    exchange: RunningExchange, trader: SignedClient, stage: str
) -> None:
    name = f"on-its-way-{stage}"
    exchange.workers[stage].kill()

    terms = (trader, _SYMBOL, "SELL", "1", "100")
    assert refusal(limit, *terms, newClientOrderId=name) == _UNKNOWN
    # The orders stage has it, and says so; a second one is not taken.
    pending = shown(trader, name)
    assert (pending["status"], pending["orderId"]) == ("PENDING_NEW", 0)
    assert (pending["price"], pending["origQty"]) == ("100.00000000", "1.00000000")
    assert refusal(limit, *terms, newClientOrderId=name)[1:] == (-2010, "Duplicate order sent.")

    bring_back(exchange, stage)
    await_condition(lambda: is_shown_as(trader, name, "NEW"), "the order is placed")
    open_orders = trader.get("/api/v3/openOrders", symbol=_SYMBOL)
    assert [each["clientOrderId"] for each in open_orders].count(name) == 1


def test_an_order_that_nobody_has_looked_at(
    exchange: RunningExchange, trader: SignedClient
) -> None:
    exchange.workers["orders"].kill()

    placed = refusal(limit, trader, _SYMBOL, "SELL", "1", "100", newClientOrderId="unseen")
    assert placed == _UNKNOWN
    assert refusal(shown, trader, "unseen") == _UNKNOWN

    bring_back(exchange, "orders")
    await_condition(lambda: is_shown_as(trader, "unseen", "NEW"), "the order is placed")


def test_an_order_that_comes_to_nothing(exchange: RunningExchange, gateway: RunningGateway) -> None:
    poor = funded_client(exchange, gateway, "poor", units=10**8)
    exchange.workers["accounts"].kill()
    try:
        placed = refusal(limit, poor, _SYMBOL, "SELL", "2", "100", newClientOrderId="too-much")
        assert placed == _UNKNOWN
        assert shown(poor, "too-much")["status"] == "PENDING_NEW"

        bring_back(exchange, "accounts")
        await_condition(lambda: is_unknown(poor, "too-much"), "it is refused")
        assert poor.get("/api/v3/openOrders") == []
    finally:
        poor.close()


def test_a_cancel_that_is_on_its_way(exchange: RunningExchange, trader: SignedClient) -> None:
    order = limit(trader, _SYMBOL, "SELL", "1", "100", newClientOrderId="to-cancel")
    exchange.workers["matching"].kill()

    named = {"symbol": _SYMBOL, "orderId": order["orderId"]}
    assert refusal(trader.delete, ORDER, **named) == _UNKNOWN
    assert shown(trader, "to-cancel")["status"] == "NEW"
    replaced = {"cancelOrderId": 999, "cancelReplaceMode": "ALLOW_FAILURE", "side": "SELL"}
    replaced |= {"type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": "101"}
    replaced |= {"symbol": _SYMBOL, "newClientOrderId": "replacement"}
    assert refusal(trader.post, f"{ORDER}/cancelReplace", **replaced) == _UNKNOWN

    bring_back(exchange, "matching")
    await_condition(lambda: is_shown_as(trader, "to-cancel", "CANCELED"), "it is canceled")
    await_condition(lambda: is_shown_as(trader, "replacement", "NEW"), "it is placed")
