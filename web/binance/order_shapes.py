"""JSON schemas of what is told of orders and trades, for the OpenAPI document."""

from schemas.enums import ORDER_TYPES, SELF_TRADE_PREVENTIONS, TIMES_IN_FORCE
from web.binance.shapes import (
    AMOUNT,
    FLAG,
    NUMBER,
    TEXT,
    TIME,
    Shape,
    any_of,
    choice,
    listed,
    record,
)

_NEVER: Shape = {"const": -1}
_SINCE = any_of(TIME, _NEVER)
_STATUS = choice(
    "PENDING_NEW",
    "NEW",
    "PARTIALLY_FILLED",
    "FILLED",
    "CANCELED",
    "REJECTED",
    "EXPIRED",
    "EXPIRED_IN_MATCH",
)
_TERMS = {
    "status": _STATUS,
    "timeInForce": choice(*TIMES_IN_FORCE),
    "type": choice(*ORDER_TYPES),
    "side": choice("BUY", "SELL"),
}
_AMOUNTS = dict.fromkeys(
    ("price", "origQty", "executedQty", "origQuoteOrderQty", "cummulativeQuoteQty"), AMOUNT
)
_MODE = choice(*SELF_TRADE_PREVENTIONS)
_ENDING = {"preventedMatchId": NUMBER, "preventedQuantity": AMOUNT, "expiryReason": TEXT}
_CONDITIONAL = {"stopPrice": AMOUNT, "icebergQty": AMOUNT, **_ENDING}
_NAMES = {"symbol": TEXT, "orderId": NUMBER, "clientOrderId": TEXT}
_WHICH = {**_NAMES, "orderListId": any_of(NUMBER, _NEVER)}

_FILL = record(price=AMOUNT, qty=AMOUNT, commission=AMOUNT, commissionAsset=TEXT, tradeId=NUMBER)
_ACK = {**_WHICH, "transactTime": TIME}


def _with(optional: dict[str, Shape], **fields: Shape) -> Shape:
    """An object with these fields, and perhaps some of the optional ones."""
    shape = record(**fields)
    return {**shape, "properties": {**fields, **optional}}


PLACED = any_of(
    record(**_ACK),
    _with(
        {**_CONDITIONAL, "fills": listed(_FILL)},
        **{**_ACK, **_AMOUNTS, **_TERMS},
        workingTime=_SINCE,
        selfTradePreventionMode=_MODE,
    ),
)

CANCELED = _with(
    _CONDITIONAL,
    **{**_ACK, **_AMOUNTS, **_TERMS},
    origClientOrderId=TEXT,
    selfTradePreventionMode=_MODE,
)

_LIST = {
    "orderListId": NUMBER,
    "contingencyType": choice("OCO"),
    "listStatusType": choice("EXEC_STARTED", "ALL_DONE"),
    "listOrderStatus": choice("EXECUTING", "ALL_DONE"),
    "listClientOrderId": TEXT,
    "transactionTime": TIME,
    "symbol": TEXT,
    "orders": listed(record(**_NAMES)),
}
ORDER_LIST = record(**_LIST)
PLACED_LIST = _with({"orderReports": listed(PLACED)}, **_LIST)
CANCELED_LIST = record(**_LIST, orderReports=listed(CANCELED))

REPLACED = record(
    cancelResult=choice("SUCCESS"),
    newOrderResult=choice("SUCCESS"),
    cancelResponse=CANCELED,
    newOrderResponse=PLACED,
)

AMENDED = record(
    transactTime=TIME,
    executionId=NUMBER,
    amendedOrder=_with(
        _CONDITIONAL,
        **{**_WHICH, **_TERMS},
        origClientOrderId=TEXT,
        price=AMOUNT,
        qty=AMOUNT,
        executedQty=AMOUNT,
        preventedQty=AMOUNT,
        quoteOrderQty=AMOUNT,
        cumulativeQuoteQty=AMOUNT,
        workingTime=_SINCE,
        selfTradePreventionMode=_MODE,
    ),
)

AMENDMENT = record(
    symbol=TEXT,
    orderId=NUMBER,
    executionId=NUMBER,
    origClientOrderId=TEXT,
    newClientOrderId=TEXT,
    origQty=AMOUNT,
    newQty=AMOUNT,
    time=TIME,
)

ORDER = _with(
    _ENDING,
    **{**_WHICH, **_AMOUNTS, **_TERMS},
    stopPrice=AMOUNT,
    icebergQty=AMOUNT,
    time=TIME,
    updateTime=TIME,
    isWorking=FLAG,
    workingTime=_SINCE,
    selfTradePreventionMode=_MODE,
)

TRADE = record(
    symbol=TEXT,
    id=NUMBER,
    orderId=NUMBER,
    orderListId=_NEVER,
    price=AMOUNT,
    qty=AMOUNT,
    quoteQty=AMOUNT,
    commission=AMOUNT,
    commissionAsset=TEXT,
    time=TIME,
    isBuyer=FLAG,
    isMaker=FLAG,
    isBestMatch=FLAG,
)

PREVENTED_MATCH = record(
    symbol=TEXT,
    preventedMatchId=NUMBER,
    takerOrderId=NUMBER,
    makerSymbol=TEXT,
    makerOrderId=NUMBER,
    tradeGroupId=NUMBER,
    selfTradePreventionMode=_MODE,
    price=AMOUNT,
    makerPreventedQuantity=AMOUNT,
    transactTime=TIME,
)
