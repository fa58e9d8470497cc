"""Orders of an account in memory: names, what is forgotten, and what comes late."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from web.state.orders import AccountOrders

_OPEN = ("NEW", "PARTIALLY_FILLED")


def report(order_id: int, execution_id: int, status: str = "NEW", **fields: Any) -> dict[str, Any]:
    known = {
        "symbol": "BTCUSDT",
        "order_id": order_id,
        "execution_id": execution_id,
        "execution_type": "NEW",
        "order_status": status,
        "client_order_id": f"o{order_id}",
        "original_client_order_id": "",
        "quantity_lots": 10,
        "command_id": "c",
    }
    return {**known, **fields}


def canceled(order_id: int, execution_id: int, name: str, by: str) -> dict[str, Any]:
    names = {"client_order_id": by, "original_client_order_id": name}
    return report(order_id, execution_id, "CANCELED", execution_type="CANCELED", **names)


def test_a_canceled_order_is_found_by_its_own_name_alone() -> None:
    orders = AccountOrders(10)
    orders.take(report(1, 1))
    orders.take(canceled(1, 2, "o1", by="the-cancel"))

    found = orders.find_by_client_id("BTCUSDT", "o1")
    assert found is not None
    assert (found["order_status"], found["client_order_id"]) == ("CANCELED", "o1")
    assert orders.find_by_client_id("BTCUSDT", "the-cancel") is None


def test_a_cancel_may_be_named_like_an_order() -> None:
    orders = AccountOrders(10)
    orders.take(report(1, 1))
    orders.take(report(2, 2))
    orders.take(canceled(2, 3, "o2", by="o1"))

    found = orders.find_by_client_id("BTCUSDT", "o1")
    assert found is not None
    assert found["order_id"] == 1


def test_an_amended_order_is_found_by_its_new_name() -> None:
    orders = AccountOrders(10)
    orders.take(report(1, 1))
    new = {"client_order_id": "new", "original_client_order_id": "o1", "quantity_lots": 7}
    orders.take(report(1, 2, execution_type="REPLACED", **new))

    assert orders.find_by_client_id("BTCUSDT", "o1") is None
    assert orders.find_by_client_id("BTCUSDT", "new") is not None
    (amendment,) = orders.amendments
    assert (amendment.before_lots, amendment.report["quantity_lots"]) == (10, 7)


def test_a_name_means_the_open_order_whatever_comes_last() -> None:
    orders = AccountOrders(10)
    orders.take(report(1, 1, client_order_id="a"))
    orders.take(canceled(1, 2, "a", by="x"))
    orders.take(report(7, 20, client_order_id="a"))
    # A row of the first one that is read late.
    orders.put({**canceled(1, 3, "a", by="x")})

    found = orders.find_by_client_id("BTCUSDT", "a")
    assert found is not None
    assert found["order_id"] == 7


def test_what_was_forgotten_does_not_come_back() -> None:
    orders = AccountOrders(2)
    for number in range(1, 6):
        orders.take(report(number, 2 * number))
        orders.take(canceled(number, 2 * number + 1, f"o{number}", by="x"))
    # The orders stage's row of the first one, which is behind.
    orders.put(report(1, 2))

    assert not orders.open
    assert orders.find("BTCUSDT", 1) is None
    assert [each["order_id"] for each in orders.of_symbol("BTCUSDT")] == [4, 5]
    assert orders.find_by_client_id("BTCUSDT", "o1") is None


_EVENTS = st.lists(
    st.tuples(
        st.integers(1, 6),
        st.sampled_from(["NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED"]),
        st.integers(0, 2),
    ),
    max_size=30,
)


def told_of(events: list[tuple[int, str, int]]) -> list[dict[str, Any]]:
    """The reports of orders that change their names, none after an order's end."""
    history: dict[int, list[dict[str, Any]]] = {}
    told = []
    for number, (order_id, status, name) in enumerate(events, start=1):
        before = history.setdefault(order_id, [])
        if not before or before[-1]["order_status"] in _OPEN:
            names = {"client_order_id": f"o{order_id}-{name}"}
            before.append(report(order_id, number, status, **names))
            told.append(before[-1])
    return told


@given(events=_EVENTS, late=st.lists(st.integers(0, 29), max_size=10))
def test_any_order_of_reading_ends_alike(
    events: list[tuple[int, str, int]], late: list[int]
) -> None:
    """Reports come in their order from one topic, and some of them again, late, from another."""
    history = told_of(events)
    last = {each["order_id"]: each for each in history}

    orders = AccountOrders(100)
    for number, told in enumerate(history):
        for each in [told, *(history[back] for back in late if back <= number)]:
            orders.put(each)

    assert {each["order_id"]: each for each in orders.of_symbol("BTCUSDT")} == last
    open_ones = {order_id for order_id, told in last.items() if told["order_status"] in _OPEN}
    assert {order_id for _, order_id in orders.open} == open_ones
    for told in history:
        name = told["client_order_id"]
        current = last[told["order_id"]]
        found = orders.find_by_client_id("BTCUSDT", name)
        assert found == (current if current["client_order_id"] == name else None)


def test_a_row_may_tell_of_a_change_before_its_report_does() -> None:
    """Rows and reports are on two topics, which are read in any order."""
    orders = AccountOrders(10)
    orders.take(report(1, 1, prevented_quantity_lots=0))
    orders.put(report(1, 3, quantity_lots=5, prevented_quantity_lots=2))
    orders.take(report(1, 2, execution_type="REPLACED", quantity_lots=7, prevented_quantity_lots=0))
    orders.take(report(1, 3, execution_type="REPLACED", quantity_lots=5, prevented_quantity_lots=0))

    assert [(each.before_lots, each.report["quantity_lots"]) for each in orders.amendments] == [
        (10, 7),
        (7, 5),
    ]
