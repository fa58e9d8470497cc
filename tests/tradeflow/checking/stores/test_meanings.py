"""The check's table of meanings knows whatever the sink's knows: neither is behind the other."""

import pytest

from connectors.mongodb.actions import (
    ACCOUNT_STATES,
    EXECUTIONS,
    GATEWAY_ACTIONS,
    RECORDS,
    SAGAS,
    SUBMISSIONS,
    action_of,
    gateway_action,
)
from connectors.mongodb.resources import resource_of
from schemas.topics import ORDERS_COMMANDS, ORDERS_INCOMING
from tradeflow.checking.stores.mongodb.expected_document import expected_resource
from tradeflow.checking.stores.mongodb.meanings import meaning_of
from web.auth.audit_events import AuthAction

_NAMES = [
    *((ORDERS_COMMANDS.name, name, {}) for name in RECORDS),
    *((ORDERS_INCOMING.name, name, {}) for name in SUBMISSIONS),
    *(("", "ExecutionReport", {"execution_type": each}) for each in EXECUTIONS),
    *(("", "OrderSagaRow", {"state": each}) for each in SAGAS),
    *(("", "AccountStatusChangedEvent", {"status": each}) for each in ACCOUNT_STATES),
]


@pytest.mark.parametrize(("topic", "name", "record"), _NAMES, ids=str)
def test_records_mean_the_same(topic: str, name: str, record: dict[str, str]) -> None:
    action = action_of(topic, name, record)

    assert meaning_of(topic, name, record) == (action.name, action.class_uid, action.activity_id)


@pytest.mark.parametrize("name", sorted({*GATEWAY_ACTIONS, *AuthAction, "ANY_OTHER"}))
def test_what_the_gateway_tells_means_the_same(name: str) -> None:
    record = {"action": name, "outcome": "SUCCESS", "reason": ""}
    action = gateway_action(record)

    assert meaning_of("audit", "AuditEvent", record) == (
        action.name,
        action.class_uid,
        action.activity_id,
    )


def test_an_order_list_is_what_its_placement_is_about() -> None:
    placed = {"symbol": "BTCUSDT", "list_client_order_id": "mine", "account_id": "ann"}

    expected = expected_resource("PlaceOrderList", placed)

    assert expected == {"type": "order_list", "id": "BTCUSDT/mine"}
    assert resource_of("PlaceOrderList", placed) == expected
