"""What each record means to an auditor: the one table from records to actions.

The class ids are those of the Open Cybersecurity Schema Framework (https://schema.ocsf.io):
Account Change (3001, /classes/account_change), Authentication (3002, /classes/authentication), API
Activity (6003, /classes/api_activity) and Application Error (6008, /classes/application_error).
A class id's thousands are its category: 3 Identity & Access Management, 6 Application Activity.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.topics import ORDERS_INCOMING

# By OCSF's names.
ACCOUNT_CHANGE, AUTHENTICATION, API_ACTIVITY, APPLICATION_ERROR = 3001, 3002, 6003, 6008
CREATE, READ, UPDATE, DELETE = 1, 2, 3, 4
ENABLE, REMOVE, LOCK = 2, 6, 9
LOGON, LOGOFF = 1, 2
GENERAL_ERROR = 1
UNKNOWN, OTHER = 0, 99


@dataclass(frozen=True, slots=True)
class Action:
    """What was done, the OCSF ids that say the same, and whether it failed.

    It failed where there is a ``reason`` or a ``reason_field``: the field that has the reason.
    """

    name: str
    activity_id: int
    class_uid: int = API_ACTIVITY
    reason_field: str = ""
    reason: str = ""

    @property
    def failed(self) -> bool:
        """Whether the record tells of a failure."""
        return bool(self.reason_field or self.reason)


def category_of(class_uid: int) -> int:
    """OCSF's category of a class."""
    return class_uid // 1_000


SKIPPED = frozenset({"Tick", "OrderClockRow", "OrderCommandRow"})
"""Nobody's doing: time that passes, and what a stage remembers of commands that were audited."""

UNKNOWN_RECORD = Action("UNKNOWN_RECORD", UNKNOWN)

RECORDS: Mapping[str, Action] = {
    # What clients and operators ask for.
    "PlaceOrder": Action("ORDER_PLACED", CREATE),
    "CancelOrder": Action("ORDER_CANCEL_REQUESTED", DELETE),
    "CancelReplaceOrder": Action("ORDER_CANCEL_REPLACE_REQUESTED", UPDATE),
    "PlaceOrderList": Action("ORDER_LIST_PLACED", CREATE),
    "AmendOrder": Action("ORDER_AMEND_REQUESTED", UPDATE),
    "QueryOrder": Action("ORDER_QUERIED", READ),
    "SetSymbolStatus": Action("SYMBOL_STATUS_REQUESTED", UPDATE),
    # What is asked of the wallet, and what became of it.
    "WalletOpenAccountCommand": Action("ACCOUNT_OPEN_REQUESTED", CREATE, ACCOUNT_CHANGE),
    "WalletSetStatusCommand": Action("ACCOUNT_STATUS_REQUESTED", OTHER, ACCOUNT_CHANGE),
    "WalletDepositCommand": Action("DEPOSIT_REQUESTED", CREATE),
    "WalletWithdrawCommand": Action("WITHDRAWAL_REQUESTED", CREATE),
    "WalletReserveFundsCommand": Action("FUNDS_RESERVATION_REQUESTED", CREATE),
    "WalletSettleFillCommand": Action("FILL_SETTLEMENT_REQUESTED", UPDATE),
    "WalletReleaseFundsCommand": Action("FUNDS_RELEASE_REQUESTED", DELETE),
    "FundsDepositedEvent": Action("FUNDS_DEPOSITED", CREATE),
    "FundsWithdrawnEvent": Action("FUNDS_WITHDRAWN", CREATE),
    "FundsReservedEvent": Action("FUNDS_RESERVED", CREATE),
    "FundsReservationFailedEvent": Action(
        "FUNDS_RESERVATION_FAILED", CREATE, reason_field="reason"
    ),
    "FundsReleasedEvent": Action("FUNDS_RELEASED", DELETE),
    "FillSettledEvent": Action("FILL_SETTLED", UPDATE),
    "WalletCommandRefusedEvent": Action("WALLET_COMMAND_REFUSED", UPDATE, reason_field="reason"),
    "Trade": Action("TRADE_EXECUTED", CREATE),
    "DeadLetter": Action(
        "RECORD_NOT_UNDERSTOOD", GENERAL_ERROR, APPLICATION_ERROR, reason_field="reason"
    ),
}
"""Of records that mean one thing wherever they are."""

SUBMISSIONS: Mapping[str, Action] = {
    "PlaceOrder": Action("ORDER_SUBMITTED", CREATE),
    "CancelOrder": Action("ORDER_CANCEL_SUBMITTED", DELETE),
    "CancelReplaceOrder": Action("ORDER_CANCEL_REPLACE_SUBMITTED", UPDATE),
    "PlaceOrderList": Action("ORDER_LIST_SUBMITTED", CREATE),
    "AmendOrder": Action("ORDER_AMEND_SUBMITTED", UPDATE),
    "SetSymbolStatus": Action("SYMBOL_STATUS_SUBMITTED", UPDATE),
}
"""Of the same commands on their way to matching: whoever counts ORDER_PLACED counts orders once."""

EXECUTIONS: Mapping[str, Action] = {
    "NONE": Action("ORDER_REPORTED", OTHER),
    "NEW": Action("ORDER_ACCEPTED", CREATE),
    "CANCELED": Action("ORDER_CANCELED", DELETE),
    "REPLACED": Action("ORDER_AMENDED", UPDATE),
    "REJECTED": Action("ORDER_REJECTED", CREATE, reason_field="reject_reason"),
    "TRADE": Action("ORDER_TRADED", UPDATE),
    "EXPIRED": Action("ORDER_EXPIRED", DELETE, reason_field="expiry_reason"),
    "TRADE_PREVENTION": Action("SELF_TRADE_PREVENTED", UPDATE, reason="TRADE_PREVENTION"),
    "TRIGGERED": Action("ORDER_TRIGGERED", UPDATE),
    "CANCEL_REJECTED": Action("ORDER_CANCEL_REJECTED", DELETE, reason_field="reject_reason"),
    "AMEND_REJECTED": Action("ORDER_AMEND_REJECTED", UPDATE, reason_field="reject_reason"),
    "STATUS_CHANGED": Action("SYMBOL_STATUS_CHANGED", UPDATE),
    "ORDER_STATUS": Action("ORDER_STATUS_REPORTED", READ),
}
"""Of execution reports, by their type."""

SAGAS: Mapping[str, Action] = {
    "NONE": Action("SAGA_REPORTED", OTHER),
    "STARTED": Action("SAGA_STARTED", CREATE),
    "FUNDS_RESERVED": Action("SAGA_FUNDS_RESERVED", UPDATE),
    "MATCHING_SUBMITTED": Action("SAGA_MATCHING_SUBMITTED", UPDATE),
    "COMPLETED": Action("SAGA_COMPLETED", UPDATE),
    "FAILED": Action("SAGA_FAILED", UPDATE, reason_field="reason"),
}
"""Of the rows of sagas, by the state that each has come to."""

ACCOUNT_STATES: Mapping[str, Action] = {
    "OPEN": Action("ACCOUNT_OPENED", ENABLE, ACCOUNT_CHANGE),
    "LOCKED": Action("ACCOUNT_LOCKED", LOCK, ACCOUNT_CHANGE),
    "CLOSED": Action("ACCOUNT_CLOSED", REMOVE, ACCOUNT_CHANGE),
}
"""Of changes of accounts, by what they are now."""

LOGIN_FAILED = "LOGIN_FAILED"

GATEWAY_ACTIONS: Mapping[str, tuple[int, int]] = {
    "LOGIN_SUCCEEDED": (AUTHENTICATION, LOGON),
    LOGIN_FAILED: (AUTHENTICATION, LOGON),
    "LOGGED_OUT": (AUTHENTICATION, LOGOFF),
    "MFA_VERIFIED": (AUTHENTICATION, LOGON),
    "MFA_FAILED": (AUTHENTICATION, LOGON),
    "CLIENT_CREATED": (ACCOUNT_CHANGE, CREATE),
    "CLIENT_LOCKED": (ACCOUNT_CHANGE, LOCK),
    "API_KEY_CREATED": (ACCOUNT_CHANGE, CREATE),
    "API_KEY_REVOKED": (ACCOUNT_CHANGE, REMOVE),
    "API_KEY_REFUSED": (AUTHENTICATION, LOGON),
    "MASTER_KEY_ROTATED": (ACCOUNT_CHANGE, OTHER),
}
"""OCSF's class and activity of what the topic ``audit`` tells; any other is API activity."""


def action_of(topic: str, name: str, record: Mapping[str, object]) -> Action:
    """What a record means; of ``audit``'s own records ask ``gateway_action``."""
    if name == "ExecutionReport":
        return EXECUTIONS.get(str(record["execution_type"]), UNKNOWN_RECORD)
    if name == "OrderSagaRow":
        return SAGAS.get(str(record["state"]), UNKNOWN_RECORD)
    if name == "AccountStatusChangedEvent":
        return ACCOUNT_STATES.get(str(record["status"]), UNKNOWN_RECORD)
    table = SUBMISSIONS if topic == ORDERS_INCOMING.name else RECORDS
    return table.get(name, UNKNOWN_RECORD)


def gateway_action(record: Mapping[str, object]) -> Action:
    """What an ``AuditEvent`` says of itself."""
    name = str(record["action"])
    class_uid, activity_id = GATEWAY_ACTIONS.get(name, (API_ACTIVITY, OTHER))
    reason = "" if record["outcome"] == "SUCCESS" else str(record["reason"]) or "UNKNOWN"
    return Action(name, activity_id, class_uid, reason=reason)
