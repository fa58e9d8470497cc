"""The parameters by which orders are placed and named, shared by all endpoints that take them."""

from schemas.enums import ORDER_TYPES, SELF_TRADE_PREVENTIONS, TIMES_IN_FORCE
from web.binance.parameters import Parameter

SYMBOL = Parameter(name="symbol", kind="symbol", is_required=True)

TERMS = (
    Parameter(name="side", kind="choice", is_required=True, values=("BUY", "SELL"), wrong="SIDE"),
    Parameter(name="type", kind="choice", is_required=True, values=ORDER_TYPES, wrong="ORDER_TYPE"),
    Parameter(name="timeInForce", kind="choice", values=TIMES_IN_FORCE, wrong="TIME_IN_FORCE"),
    Parameter(name="quantity", kind="decimal", description="Of the base asset."),
    Parameter(
        name="quoteOrderQty",
        kind="decimal",
        description="Of the quote asset: what a MARKET order spends or receives.",
    ),
    Parameter(name="price", kind="decimal"),
    Parameter(
        name="newClientOrderId",
        kind="name",
        description="Unique among the account's orders of the symbol that are open or were closed "
        "within a day; made where none is sent.",
    ),
    Parameter(name="strategyId", kind="integer", description="Taken, and not kept."),
    Parameter(
        name="strategyType", kind="integer", description="Taken, and not kept; 1000000 or more."
    ),
    Parameter(name="stopPrice", kind="decimal"),
    Parameter(name="trailingDelta", kind="integer", description="Not supported."),
    Parameter(name="icebergQty", kind="decimal", description="What the book shows of a GTC order."),
    Parameter(
        name="newOrderRespType",
        kind="choice",
        values=("ACK", "RESULT", "FULL"),
        description="FULL by default for MARKET and LIMIT, else ACK.",
    ),
    Parameter(
        name="selfTradePreventionMode",
        kind="choice",
        values=SELF_TRADE_PREVENTIONS,
        default="EXPIRE_MAKER",
    ),
    Parameter(name="pegPriceType", description="Not supported."),
    Parameter(name="pegOffsetValue", kind="integer", description="Not supported."),
    Parameter(name="pegOffsetType", description="Not supported."),
)
"""What an order is, but for its symbol."""

ORDER_ID = Parameter(
    name="orderId", kind="integer", description="This or origClientOrderId must be sent."
)
CLIENT_ORDER_ID = Parameter(
    name="origClientOrderId",
    kind="name",
    description="With orderId as well both must be the order's.",
)

CANCEL_RESTRICTIONS = Parameter(
    name="cancelRestrictions",
    kind="choice",
    values=("ONLY_NEW", "ONLY_PARTIALLY_FILLED"),
    wrong="CANCEL_RESTRICTIONS",
    default="NONE",
)
