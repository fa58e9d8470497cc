"""Who is found by a client order id that two placements have (``ORDERS.md``)."""

from tests.streams.domain.orders_desk import Desk
from tests.streams.domain.test_orders import BUY, a_resting_order


class TestTwoWithOneClientOrderId:
    """p1 is amended and takes the name of p2, which is not with matching yet."""

    @staticmethod
    def both() -> Desk:
        desk = a_resting_order()
        desk.place("p2", **BUY)
        names = {"client_order_id": "my-p2", "original_client_order_id": "my-p1"}
        desk.report("REPLACED", "NEW", **names)
        return desk

    def test_the_open_one_is_found_and_then_the_pending_one(self) -> None:
        desk = self.both()
        assert desk.query(original_client_order_id="my-p2") == ["ORDER_STATUS NEW"]
        desk.report("CANCELED", "CANCELED", client_order_id="my-p2")
        assert desk.query(original_client_order_id="my-p2") == ["ORDER_STATUS PENDING_NEW"]
        assert desk.cancel("c1", original_client_order_id="my-p2") == []

    def test_then_the_one_that_closed(self) -> None:
        desk = self.both()
        desk.report("CANCELED", "CANCELED", client_order_id="my-p2")
        desk.refused("p2")
        assert desk.query(original_client_order_id="my-p2") == ["ORDER_STATUS CANCELED"]
        assert desk.place("p3", **BUY, client_order_id="my-p2") == [
            "REJECTED REJECTED DUPLICATE_CLIENT_ORDER_ID see 7"
        ]

    def test_one_that_gets_another_name_leaves_the_other(self) -> None:
        desk = self.both()
        names = {"client_order_id": "n", "original_client_order_id": "my-p2"}
        desk.report("REPLACED", "NEW", **names)
        assert desk.query(original_client_order_id="n") == ["ORDER_STATUS NEW"]
        assert desk.query(original_client_order_id="my-p2") == ["ORDER_STATUS PENDING_NEW"]

    def test_one_that_is_forgotten_leaves_the_other(self) -> None:
        desk = self.both()
        desk.report("CANCELED", "CANCELED", client_order_id="my-p2")
        desk.executions_tick(700_000)
        assert desk.query(original_client_order_id="my-p2") == ["ORDER_STATUS PENDING_NEW"]
