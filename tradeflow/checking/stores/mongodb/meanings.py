"""What a record of the log means to an auditor, by rules of its own: the sink has another table."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from schemas.topics import ORDERS_INCOMING

_ACCOUNTS, _LOGINS, _API, _ERRORS = 3001, 3002, 6003, 6008
"""Classes of OCSF: account change, authentication, API activity, application error."""

SKIPPED = frozenset({"", "Tick", "OrderClockRow", "OrderCommandRow"})
"""Records that are nobody's doing, or that repeat what was audited."""


class Meaning(NamedTuple):
    """The action, and the class and the activity of OCSF that say the same."""

    action: str
    class_uid: int
    activity_id: int


_UNKNOWN = Meaning("UNKNOWN_RECORD", _API, 0)

# After the name and its class: the activities are create 1, read 2, update 3, delete 4 of an API;
# enable 2, remove 6, lock 9 of an account; log on 1, log off 2; 99 for all else.
_ASKED = {
    "PlaceOrder": Meaning("ORDER_PLACED", _API, 1),
    "PlaceOrderList": Meaning("ORDER_LIST_PLACED", _API, 1),
    "CancelOrder": Meaning("ORDER_CANCEL_REQUESTED", _API, 4),
    "CancelReplaceOrder": Meaning("ORDER_CANCEL_REPLACE_REQUESTED", _API, 3),
    "AmendOrder": Meaning("ORDER_AMEND_REQUESTED", _API, 3),
    "QueryOrder": Meaning("ORDER_QUERIED", _API, 2),
    "SetSymbolStatus": Meaning("SYMBOL_STATUS_REQUESTED", _API, 3),
    "WalletOpenAccountCommand": Meaning("ACCOUNT_OPEN_REQUESTED", _ACCOUNTS, 1),
    "WalletSetStatusCommand": Meaning("ACCOUNT_STATUS_REQUESTED", _ACCOUNTS, 99),
    "WalletDepositCommand": Meaning("DEPOSIT_REQUESTED", _API, 1),
    "WalletWithdrawCommand": Meaning("WITHDRAWAL_REQUESTED", _API, 1),
    "WalletReserveFundsCommand": Meaning("FUNDS_RESERVATION_REQUESTED", _API, 1),
    "WalletSettleFillCommand": Meaning("FILL_SETTLEMENT_REQUESTED", _API, 3),
    "WalletReleaseFundsCommand": Meaning("FUNDS_RELEASE_REQUESTED", _API, 4),
}
_TOLD = {
    "FundsDepositedEvent": Meaning("FUNDS_DEPOSITED", _API, 1),
    "FundsWithdrawnEvent": Meaning("FUNDS_WITHDRAWN", _API, 1),
    "FundsReservedEvent": Meaning("FUNDS_RESERVED", _API, 1),
    "FundsReservationFailedEvent": Meaning("FUNDS_RESERVATION_FAILED", _API, 1),
    "FundsReleasedEvent": Meaning("FUNDS_RELEASED", _API, 4),
    "FillSettledEvent": Meaning("FILL_SETTLED", _API, 3),
    "WalletCommandRefusedEvent": Meaning("WALLET_COMMAND_REFUSED", _API, 3),
    "Trade": Meaning("TRADE_EXECUTED", _API, 1),
    "DeadLetter": Meaning("RECORD_NOT_UNDERSTOOD", _ERRORS, 1),
}
_SENT_ON = {
    "PlaceOrder": Meaning("ORDER_SUBMITTED", _API, 1),
    "PlaceOrderList": Meaning("ORDER_LIST_SUBMITTED", _API, 1),
    "CancelOrder": Meaning("ORDER_CANCEL_SUBMITTED", _API, 4),
    "CancelReplaceOrder": Meaning("ORDER_CANCEL_REPLACE_SUBMITTED", _API, 3),
    "AmendOrder": Meaning("ORDER_AMEND_SUBMITTED", _API, 3),
    "SetSymbolStatus": Meaning("SYMBOL_STATUS_SUBMITTED", _API, 3),
}
"""Of commands on their way to matching."""

_BY_FIELD = {
    "ExecutionReport": (
        "execution_type",
        {
            "NONE": Meaning("ORDER_REPORTED", _API, 99),
            "NEW": Meaning("ORDER_ACCEPTED", _API, 1),
            "CANCELED": Meaning("ORDER_CANCELED", _API, 4),
            "REPLACED": Meaning("ORDER_AMENDED", _API, 3),
            "REJECTED": Meaning("ORDER_REJECTED", _API, 1),
            "TRADE": Meaning("ORDER_TRADED", _API, 3),
            "EXPIRED": Meaning("ORDER_EXPIRED", _API, 4),
            "TRADE_PREVENTION": Meaning("SELF_TRADE_PREVENTED", _API, 3),
            "TRIGGERED": Meaning("ORDER_TRIGGERED", _API, 3),
            "CANCEL_REJECTED": Meaning("ORDER_CANCEL_REJECTED", _API, 4),
            "AMEND_REJECTED": Meaning("ORDER_AMEND_REJECTED", _API, 3),
            "STATUS_CHANGED": Meaning("SYMBOL_STATUS_CHANGED", _API, 3),
            "ORDER_STATUS": Meaning("ORDER_STATUS_REPORTED", _API, 2),
        },
    ),
    "OrderSagaRow": (
        "state",
        {
            "NONE": Meaning("SAGA_REPORTED", _API, 99),
            "STARTED": Meaning("SAGA_STARTED", _API, 1),
            "FUNDS_RESERVED": Meaning("SAGA_FUNDS_RESERVED", _API, 3),
            "MATCHING_SUBMITTED": Meaning("SAGA_MATCHING_SUBMITTED", _API, 3),
            "COMPLETED": Meaning("SAGA_COMPLETED", _API, 3),
            "FAILED": Meaning("SAGA_FAILED", _API, 3),
        },
    ),
    "AccountStatusChangedEvent": (
        "status",
        {
            "OPEN": Meaning("ACCOUNT_OPENED", _ACCOUNTS, 2),
            "LOCKED": Meaning("ACCOUNT_LOCKED", _ACCOUNTS, 9),
            "CLOSED": Meaning("ACCOUNT_CLOSED", _ACCOUNTS, 6),
        },
    ),
}
"""Records whose meaning one of their fields says."""

_BY_GATEWAY = {
    "LOGIN_SUCCEEDED": (_LOGINS, 1),
    "LOGIN_FAILED": (_LOGINS, 1),
    "MFA_VERIFIED": (_LOGINS, 1),
    "MFA_FAILED": (_LOGINS, 1),
    "LOGGED_OUT": (_LOGINS, 2),
    "CLIENT_CREATED": (_ACCOUNTS, 1),
    "CLIENT_LOCKED": (_ACCOUNTS, 9),
    "API_KEY_CREATED": (_ACCOUNTS, 1),
    "API_KEY_REVOKED": (_ACCOUNTS, 6),
    "API_KEY_REFUSED": (_LOGINS, 1),
    "MASTER_KEY_ROTATED": (_ACCOUNTS, 99),
}
"""Of what the gateway tells, by the action that it names."""

_FAILURES = frozenset(
    {"ORDER_REJECTED", "ORDER_EXPIRED", "ORDER_CANCEL_REJECTED", "ORDER_AMEND_REJECTED"}
    | {"SAGA_FAILED", "FUNDS_RESERVATION_FAILED", "WALLET_COMMAND_REFUSED"}
    | {"RECORD_NOT_UNDERSTOOD"}
)


def meaning_of(topic: str, name: str, record: Mapping[str, Any]) -> Meaning:
    """What a record on a topic means."""
    if name == "AuditEvent":
        return Meaning(record["action"], *_BY_GATEWAY.get(record["action"], (_API, 99)))
    if name in _BY_FIELD:
        field, meanings = _BY_FIELD[name]
        return meanings.get(record[field], _UNKNOWN)
    if topic == ORDERS_INCOMING.name:
        return _SENT_ON.get(name, _UNKNOWN)
    return _ASKED.get(name) or _TOLD.get(name, _UNKNOWN)


def failure_of(action: str, name: str, record: Mapping[str, Any]) -> str | None:
    """Why what was tried failed; None where it did not."""
    if name == "AuditEvent":
        return None if record["outcome"] == "SUCCESS" else record["reason"] or "UNKNOWN"
    if action == "SELF_TRADE_PREVENTED":
        return "TRADE_PREVENTION"
    if action not in _FAILURES:
        return None
    field = "expiry_reason" if action == "ORDER_EXPIRED" else "reject_reason"
    return str(record[field] if name == "ExecutionReport" else record["reason"])
