"""The table of actions has everything that is audited."""

import pytest

from connectors.mongodb import actions
from connectors.mongodb.actions import SKIPPED, UNKNOWN_RECORD, Action, action_of, category_of
from connectors.mongodb.sink import AUDITED
from schemas.avro import Enum
from schemas.registry import registry
from schemas.topics import TOPICS

PAIRS = [
    (topic.name, name)
    for topic in TOPICS
    if topic.name in AUDITED
    for name in topic.values
    if name not in SKIPPED and name != "AuditEvent"
]


def records(name: str) -> list[dict[str, str]]:
    """A record for each value of the field that decides."""
    field = {"ExecutionReport": "execution_type", "OrderSagaRow": "state"}.get(name, "status")
    kinds = {each.name: each.type for each in registry().newest[name][1].fields}
    kind = kinds.get(field)
    return [{field: symbol} for symbol in kind.symbols] if isinstance(kind, Enum) else [{}]


@pytest.mark.parametrize(("topic", "name"), PAIRS)
def test_every_record_of_every_audited_topic_is_an_action(topic: str, name: str) -> None:
    fields = {field.name for field in registry().newest[name][1].fields}
    for record in records(name):
        action = action_of(topic, name, record)
        assert action is not UNKNOWN_RECORD, record
        assert not action.reason_field or action.reason_field in fields


def test_one_name_means_one_thing() -> None:
    tables = (
        actions.RECORDS,
        actions.SUBMISSIONS,
        actions.EXECUTIONS,
        actions.SAGAS,
        actions.ACCOUNT_STATES,
    )
    every: list[Action] = [action for table in tables for action in table.values()]
    assert len({action.name for action in every}) == len(every)
    assert {action.class_uid for action in every} == {3001, 6003, 6008}
    assert {category_of(action.class_uid) for action in every} == {3, 6}


def test_every_command_event_and_change_of_state_is_audited() -> None:
    assert set(AUDITED) == {
        "orders.commands",
        "orders.incoming",
        "orders.executions",
        "wallet.commands",
        "wallet.events",
        "trades",
        "audit",
        "orders-orders-changelog",
        "orders.dead-letters",
        "matching.dead-letters",
        "accounts.dead-letters",
        "marketdata.dead-letters",
    }


def test_a_login_that_failed_says_why() -> None:
    told = {"action": "LOGIN_FAILED", "outcome": "FAILURE", "reason": "BAD_PASSWORD"}
    action = actions.gateway_action(told)
    assert (action.name, action.reason, action.class_uid) == ("LOGIN_FAILED", "BAD_PASSWORD", 3002)
    assert actions.gateway_action({**told, "reason": ""}).reason == "UNKNOWN"
    fine = {"action": "WITHDRAWAL_CONFIRMED", "outcome": "SUCCESS", "reason": "left over"}
    assert not actions.gateway_action(fine).failed
    assert actions.gateway_action(fine).activity_id == 99
