"""The closed sets of names that records use: Avro enums on the wire, plain strings in Python.

Names are Binance's where Binance has one.  A ``Literal`` keeps a misspelt name a type error
without costing an object for each field of each record.
"""

from typing import Literal, get_args

# NONE stands where a report has no order to speak of; it is the default for readers too.
Side = Literal["NONE", "BUY", "SELL"]

OrderType = Literal[
    "NONE",
    "LIMIT",
    "MARKET",
    "LIMIT_MAKER",
    "STOP_LOSS",
    "STOP_LOSS_LIMIT",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
]

TimeInForce = Literal["NONE", "GTC", "IOC", "FOK"]

SelfTradePrevention = Literal["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT"]

SymbolStatus = Literal["TRADING", "HALT", "CANCEL_ONLY"]

CancelRestriction = Literal["NONE", "ONLY_NEW", "ONLY_PARTIALLY_FILLED"]

CancelReplaceMode = Literal["STOP_ON_FAILURE", "ALLOW_FAILURE"]

OrderStatus = Literal[
    "NONE",
    "PENDING_NEW",
    "NEW",
    "PARTIALLY_FILLED",
    "FILLED",
    "CANCELED",
    "REJECTED",
    "EXPIRED",
    "EXPIRED_IN_MATCH",
]

# CANCEL_REJECTED and AMEND_REJECTED answer a command that left its order as it was: the report's
# order_status is that of the order (REJECTED where there is no such order).
# ORDER_STATUS answers a query, or a command that came before: nothing happened.
# TRIGGERED: a stop order met its stop price and became a working order.
ExecutionType = Literal[
    "NONE",
    "NEW",
    "CANCELED",
    "REPLACED",
    "REJECTED",
    "TRADE",
    "EXPIRED",
    "TRADE_PREVENTION",
    "TRIGGERED",
    "CANCEL_REJECTED",
    "AMEND_REJECTED",
    "STATUS_CHANGED",
    "ORDER_STATUS",
]

Role = Literal["NONE", "MAKER", "TAKER"]

ExpiryReason = Literal[
    "NONE",
    "UNFILLED_IOC_QUANTITY_EXPIRED",
    "UNFILLED_FOK_ORDER_EXPIRED",
    "INSUFFICIENT_LIQUIDITY",
    "BUDGET_EXHAUSTED",
    "OCO_TRIGGER",
]

# In order of precedence for PlaceOrder (streams/domain/MATCHING.md has the other commands); from
# COMMAND_ID_REUSED on they are the orders stage's own (streams/domain/ORDERS.md), but for the last
# two, which are about order lists.
RejectReason = Literal[
    "NONE",
    "UNKNOWN_SYMBOL",
    "SYMBOL_HALTED",
    "SYMBOL_CANCEL_ONLY",
    "UNSUPPORTED_ORDER_COMBINATION",
    "QUANTITY_NOT_POSITIVE",
    "PRICE_NOT_POSITIVE",
    "AMOUNT_OVERFLOW",
    "PRICE_FILTER",
    "LOT_SIZE",
    "MARKET_LOT_SIZE",
    "ICEBERG_EXCEEDS_QUANTITY",
    "ICEBERG_PARTS",
    "MISSING_BUDGET",
    "DUPLICATE_CLIENT_ORDER_ID",
    "NOTIONAL",
    "PERCENT_PRICE_BY_SIDE",
    "MAX_NUM_ORDERS",
    "MAX_NUM_ALGO_ORDERS",
    "MAX_NUM_ICEBERG_ORDERS",
    "WOULD_TRIGGER_IMMEDIATELY",
    "WOULD_IMMEDIATELY_MATCH",
    "NO_LIQUIDITY",
    "BUDGET_EXCEEDED",
    "UNKNOWN_ORDER",
    "CANCEL_RESTRICTED",
    "AMEND_NOT_A_REDUCTION",
    "AMEND_BELOW_EXECUTED",
    "CANCEL_REPLACE_STOPPED",
    "COMMAND_ID_REUSED",
    "UNKNOWN_ACCOUNT",
    "ACCOUNT_CLOSED",
    "ACCOUNT_LOCKED",
    "UNKNOWN_ASSET",
    "AMOUNT_NOT_POSITIVE",
    "INSUFFICIENT_BALANCE",
    "TOO_MANY_WAITING",
    "RESERVATION_TIMED_OUT",
    "MATCHING_TIMED_OUT",
    "ORDER_LIST_PRICES",
    "ORDER_LIST_REJECTED",
]

# Of a placement (streams/domain/ORDERS.md).
SagaState = Literal[
    "NONE", "STARTED", "FUNDS_RESERVED", "MATCHING_SUBMITTED", "COMPLETED", "FAILED"
]

AccountStatus = Literal["OPEN", "LOCKED", "CLOSED"]

# In the order in which they are looked for (streams/domain/LEDGER.md).
WalletRefusal = Literal[
    "NONE",
    "RESERVED_ACCOUNT_ID",
    "UNKNOWN_ACCOUNT",
    "ACCOUNT_EXISTS",
    "COMMAND_ID_REUSED",
    "ACCOUNT_CLOSED",
    "ACCOUNT_LOCKED",
    "ACCOUNT_NOT_EMPTY",
    "UNKNOWN_ASSET",
    "AMOUNT_NOT_POSITIVE",
    "AMOUNT_OVERFLOW",
    "INSUFFICIENT_BALANCE",
    "UNKNOWN_HOLD",
    "HOLD_EXCEEDED",
]

EntryType = Literal["NONE", "DEPOSIT", "WITHDRAWAL", "RESERVE", "RELEASE", "TRADE", "FEE"]

AuditOutcome = Literal["NONE", "SUCCESS", "FAILURE"]

SIDES: tuple[Side, ...] = ("BUY", "SELL")
ORDER_TYPES: tuple[OrderType, ...] = get_args(OrderType)[1:]
TIMES_IN_FORCE: tuple[TimeInForce, ...] = get_args(TimeInForce)[1:]
SELF_TRADE_PREVENTIONS: tuple[SelfTradePrevention, ...] = get_args(SelfTradePrevention)
SYMBOL_STATUSES: tuple[SymbolStatus, ...] = get_args(SymbolStatus)
SAGA_STATES: tuple[SagaState, ...] = get_args(SagaState)[1:]
REJECT_REASONS: tuple[RejectReason, ...] = get_args(RejectReason)
