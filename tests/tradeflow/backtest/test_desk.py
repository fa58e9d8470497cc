"""The strategy's handle: ticks and lots, decimal text, and clear refusals."""

from decimal import Decimal
from typing import Any

import pytest

from tests.tradeflow.backtest.made import SHARE
from tradeflow.backtest.desk import Desk, DeskError


@pytest.fixture
def sent() -> list[tuple[str, dict[str, Any]]]:
    return []


@pytest.fixture
def desk(sent: list[tuple[str, dict[str, Any]]]) -> Desk:
    return Desk(
        SHARE,
        seed=3,
        send=lambda kind, command: sent.append((kind, command)),
        wake=lambda time_ms, name: sent.append((name, {"time_ms": time_ms})),
    )


@pytest.mark.parametrize("price", [1_001, "10.01", "10.010", Decimal("10.01")])
@pytest.mark.parametrize("quantity", [5, "5", Decimal(5)])
def test_prices_and_quantities_in_steps_or_in_decimals(
    desk: Desk, sent: list[Any], price: Any, quantity: Any
) -> None:
    order = desk.buy(quantity, price)

    [(kind, command)] = sent
    assert kind == "PlaceOrder"
    assert (command["price_ticks"], command["quantity_lots"]) == (1_001, 5)
    assert (order.price_ticks, order.quantity_lots) == (1_001, 5)
    assert command["order_type"] == "LIMIT"


@pytest.mark.parametrize(
    ("price", "said"),
    [
        ("10.001", "the price 10.001 will not do: 10.001 is not a whole number of 0.01"),
        ("ten", "'ten' is no decimal"),
        (10.01, "neither whole price steps nor decimal text"),
        (True, "neither whole price steps nor decimal text"),
    ],
)
def test_what_does_not_fit_the_grid_is_never_rounded(desk: Desk, price: Any, said: str) -> None:
    with pytest.raises(DeskError, match=said):
        desk.buy(1, price)
    assert not desk.orders


def test_without_a_price_it_is_a_market_order(desk: Desk, sent: list[Any]) -> None:
    desk.sell(3)

    assert sent[0][1]["order_type"] == "MARKET"
    with pytest.raises(DeskError, match="cannot be post-only"):
        desk.sell(3, post_only=True)


def test_an_order_is_cancelled_once(desk: Desk, sent: list[Any]) -> None:
    order = desk.buy(1, "9")
    desk.cancel(order)
    desk.cancel(order.client_order_id)

    assert [kind for kind, _ in sent] == ["PlaceOrder", "CancelOrder"]
    assert sent[1][1]["original_client_order_id"] == order.client_order_id


def test_only_open_orders_can_be_changed(desk: Desk) -> None:
    with pytest.raises(DeskError, match="no-such is no open order"):
        desk.cancel("no-such")
    with pytest.raises(DeskError, match="no-such is no open order"):
        desk.amend("no-such", 1)


def test_timers_are_in_the_records_time(desk: Desk, sent: list[Any]) -> None:
    desk.now_ms = 500
    desk.wake(20, "soon")

    assert sent == [("soon", {"time_ms": 520})]
    with pytest.raises(DeskError, match="1 or more"):
        desk.wake(0)


def test_chance_is_the_seeds() -> None:
    def numbers(seed: int) -> list[float]:
        desk = Desk(SHARE, seed=seed, send=lambda *_: None, wake=lambda *_: None)
        return [desk.random.random() for _ in range(3)]

    assert numbers(1) == numbers(1) != numbers(2)
