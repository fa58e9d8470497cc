"""``listStatus``: once when a list is placed, once when all of it is done."""

from typing import Any

import pytest

from tests.web.standing_gateway import default_instruments
from tests.web.userdata.listener import Listener
from tests.web.userdata.records import AT_MS, FILL, received_report
from web.feed.hub import Hub
from web.feed.record import Received
from web.state.order_lists import OrderList, OrderLists
from web.state.orders import OrderBooks
from web.userdata.list_events import ListEvents
from web.userdata.subscription import Right
from web.userdata.user_data import UserData

NAMED = OrderList("BTCUSDT", 5, "both", ("up", "down"), AT_MS)
STARTED, DONE = ("EXEC_STARTED", "EXECUTING"), ("ALL_DONE", "ALL_DONE")


class Standing:
    """State, user data and list events behind a hub."""

    def __init__(self, kept_lists: int = 100) -> None:
        self.hub = Hub()
        self.orders, self.lists = OrderBooks(100), OrderLists(kept_lists)
        self.orders.listen(self.hub)
        self.user_data = UserData(default_instruments(), self._is_good, check_seconds=60)
        self.user_data.listen(self.hub)
        ListEvents(self.user_data, self.orders, self.lists).listen(self.hub)

    def listener(self, account_id: str) -> Listener:
        made = Listener(account_id)
        self.user_data.add(made.subscription)
        return made

    async def _is_good(self, _right: Right) -> bool:
        return True


def leg(order_id: int, execution_id: int, **changes: Any) -> Received:
    about = {
        "order_id": order_id,
        "execution_id": execution_id,
        "order_list_id": 5,
        "client_order_id": NAMED.legs[order_id - 5],
        "time_ms": AT_MS + execution_id,
    }
    return received_report(**changes | about)


def ended(order_id: int, execution_id: int, status: str) -> Received:
    return leg(order_id, execution_id, execution_type=status, order_status=status)


PLACED = [leg(5, 1), leg(6, 2)]
FILLED: dict[str, Any] = {**FILL, "order_status": "FILLED"}


def statuses(listener: Listener) -> list[tuple[str, str]]:
    told = [each.payload for each in listener.heard if each.payload["e"] == "listStatus"]
    return [(each["l"], each["L"]) for each in told]


def test_is_told_behind_the_orders_reports_with_all_their_names() -> None:
    standing = Standing()
    alice, bob = standing.listener("alice"), standing.listener("bob")
    standing.lists.add("alice", NAMED)

    standing.hub.publish(PLACED)

    assert alice.kinds == ["NEW", "NEW", "listStatus"]
    assert alice.heard[-1].payload == {
        "e": "listStatus",
        "E": AT_MS + 2,
        "s": "BTCUSDT",
        "g": 5,
        "c": "OCO",
        "l": "EXEC_STARTED",
        "L": "EXECUTING",
        "r": "NONE",
        "C": "both",
        "T": AT_MS + 2,
        "O": [{"s": "BTCUSDT", "i": 5, "c": "up"}, {"s": "BTCUSDT", "i": 6, "c": "down"}],
    }
    assert bob.heard == []


@pytest.mark.parametrize(
    "ends",
    [
        [ended(5, 3, "CANCELED"), ended(6, 4, "CANCELED")],
        [ended(6, 3, "EXPIRED"), leg(5, 4, **FILL), leg(5, 5, **FILLED)],
        [leg(5, 3, **FILLED), ended(6, 4, "EXPIRED")],
        [ended(5, 3, "EXPIRED"), leg(6, 4, execution_type="TRIGGERED"), ended(6, 5, "CANCELED")],
    ],
)
def test_is_done_with_the_last_of_its_orders(ends: list[Received]) -> None:
    standing = Standing()
    alice = standing.listener("alice")
    standing.lists.add("alice", NAMED)
    standing.hub.publish([*PLACED, *ends[:-1]])
    assert statuses(alice) == [STARTED]

    standing.hub.publish(ends[-1:])

    assert statuses(alice) == [STARTED, DONE]
    assert alice.kinds[-1] == "listStatus"
    assert alice.heard[-1].payload["T"] == ends[-1].record["time_ms"]


def test_waits_for_the_lists_name_and_is_told_once() -> None:
    standing = Standing(kept_lists=1)
    alice = standing.listener("alice")
    standing.hub.publish([*PLACED, ended(5, 3, "CANCELED"), ended(6, 4, "CANCELED")])
    assert statuses(alice) == []

    standing.lists.add("alice", NAMED._replace(symbol="ETHUSDT"))
    standing.lists.add("bob", NAMED)
    assert statuses(alice) == []
    # Known, forgotten for a newer one, and known again.
    for order_list in (NAMED, NAMED._replace(list_id=9), NAMED):
        standing.lists.add("alice", order_list)

    assert statuses(alice) == [STARTED, DONE]


def test_an_order_that_was_amended_is_called_by_its_new_name() -> None:
    standing = Standing()
    alice = standing.listener("alice")
    standing.lists.add("alice", NAMED)
    renamed = leg(6, 4, execution_type="REPLACED")
    renamed.record["client_order_id"] = "new"
    last = ended(6, 5, "CANCELED")
    last.record.update(client_order_id="cancel", original_client_order_id="new")

    standing.hub.publish([*PLACED, ended(5, 3, "EXPIRED"), renamed, last])

    assert statuses(alice) == [STARTED, DONE]
    assert [each["c"] for each in alice.heard[-1].payload["O"]] == ["up", "new"]


def test_who_listens_later_hears_of_the_end() -> None:
    standing = Standing()
    standing.lists.add("alice", NAMED)
    standing.hub.publish([*PLACED, ended(5, 3, "CANCELED")])
    alice = standing.listener("alice")

    standing.hub.publish([ended(6, 4, "CANCELED")])

    assert statuses(alice) == [DONE]


def test_an_end_that_is_known_before_its_report_is_told_with_the_report() -> None:
    """Rows of the orders stage may be read before the reports that they are of."""
    standing = Standing()
    alice = standing.listener("alice")
    standing.lists.add("alice", NAMED)
    standing.hub.publish(PLACED)
    first, second = ended(5, 3, "CANCELED"), ended(6, 4, "CANCELED")
    standing.orders.of("alice").put(second.record)

    standing.hub.publish([first])
    assert statuses(alice) == [STARTED]
    standing.hub.publish([second])

    assert statuses(alice) == [STARTED, DONE]


def test_nothing_is_kept_for_who_does_not_listen() -> None:
    standing = Standing()
    standing.hub.publish(PLACED)
    alice = standing.listener("alice")

    standing.lists.add("alice", NAMED)

    assert alice.heard == []


def test_orders_in_no_list_and_refused_changes_say_nothing_of_lists() -> None:
    standing = Standing()
    alice = standing.listener("alice")
    standing.lists.add("alice", NAMED)
    standing.hub.publish([*PLACED, received_report(order_id=9, execution_id=3, **FILLED)])

    standing.hub.publish(
        [
            ended(5, 4, "CANCELED"),
            leg(6, 5, execution_type="CANCEL_REJECTED", order_status="NEW"),
            ended(6, 6, "CANCELED"),
            leg(6, 7, execution_type="ORDER_STATUS", order_status="CANCELED"),
        ]
    )

    assert statuses(alice) == [STARTED, DONE]
