"""The order's states: every pair of state and execution type, and what real orders go through."""

from itertools import product
from typing import get_args

import pytest

from schemas.enums import ExecutionType, OrderStatus
from streams.domain.invariants import check_transition
from streams.domain.order_status import (
    CLOSED_STATUSES,
    OPEN_STATUSES,
    TRANSITIONS,
    following_statuses,
)
from tests.streams.domain.builders import Book

STATUSES = get_args(OrderStatus)
EXECUTIONS = get_args(ExecutionType)

EXPECTED = {
    "PENDING_NEW": "NEW:NEW REJECTED:REJECTED",
    "NEW": "TRIGGERED:NEW TRADE:PARTIALLY_FILLED|FILLED TRADE_PREVENTION:NEW|EXPIRED_IN_MATCH "
    "REPLACED:NEW CANCELED:CANCELED EXPIRED:EXPIRED CANCEL_REJECTED:NEW AMEND_REJECTED:NEW",
    "PARTIALLY_FILLED": "TRADE:PARTIALLY_FILLED|FILLED "
    "TRADE_PREVENTION:PARTIALLY_FILLED|EXPIRED_IN_MATCH REPLACED:PARTIALLY_FILLED "
    "CANCELED:CANCELED EXPIRED:EXPIRED CANCEL_REJECTED:PARTIALLY_FILLED "
    "AMEND_REJECTED:PARTIALLY_FILLED",
}


def expected(status: str, execution: str) -> set[str]:
    for word in EXPECTED.get(status, "").split():
        name, _, targets = word.partition(":")
        if name == execution:
            return set(targets.split("|"))
    return set()


@pytest.mark.parametrize(("status", "execution"), list(product(STATUSES, EXECUTIONS)))
def test_every_pair(status: OrderStatus, execution: ExecutionType) -> None:
    assert following_statuses(status, execution) == expected(status, execution)


def test_nothing_follows_a_closed_status() -> None:
    assert not {status for status, _ in TRANSITIONS} & CLOSED_STATUSES
    assert frozenset(STATUSES) == OPEN_STATUSES | CLOSED_STATUSES | {"NONE", "PENDING_NEW"}


def test_a_report_that_may_not_follow_is_a_violation() -> None:
    book = Book()
    new = book.buy("anna", 1, 100).reports[0]
    canceled = book.cancel("anna").reports[0]

    assert check_transition(None, new) == check_transition(new, canceled) == []
    assert [violation.detail for violation in check_transition(canceled, new)] == [
        "1: CANCELED NEW NEW"
    ]
