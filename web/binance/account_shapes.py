"""JSON schemas of what is told of an account and its money, for the OpenAPI document."""

from web.binance.shapes import AMOUNT, FLAG, NUMBER, TEXT, TIME, Shape, choice, listed, record

NOTHING: Shape = {"type": "array", "maxItems": 0}
_RATES = record(maker=AMOUNT, taker=AMOUNT)
_ALL_RATES = record(maker=AMOUNT, taker=AMOUNT, buyer=AMOUNT, seller=AMOUNT)
_DISCOUNT = record(
    enabledForAccount=FLAG, enabledForSymbol=FLAG, discountAsset=TEXT, discount=AMOUNT
)

ACCOUNT = record(
    makerCommission=NUMBER,
    takerCommission=NUMBER,
    buyerCommission=NUMBER,
    sellerCommission=NUMBER,
    commissionRates=_ALL_RATES,
    canTrade=FLAG,
    canWithdraw=FLAG,
    canDeposit=FLAG,
    brokered=FLAG,
    requireSelfTradePrevention=FLAG,
    preventSor=FLAG,
    updateTime=TIME,
    accountType=choice("SPOT"),
    balances=listed(record(asset=TEXT, free=AMOUNT, locked=AMOUNT)),
    permissions=listed(TEXT),
    uid=NUMBER,
)

COMMISSION = record(
    symbol=TEXT,
    standardCommission=_ALL_RATES,
    specialCommission=_ALL_RATES,
    taxCommission=_ALL_RATES,
    discount=_DISCOUNT,
)

ORDER_RATES: Shape = {
    "anyOf": [
        record(),
        record(
            standardCommissionForOrder=_RATES,
            specialCommissionForOrder=_RATES,
            taxCommissionForOrder=_RATES,
            discount=_DISCOUNT,
        ),
    ]
}

ORDER_COUNTS = listed(
    record(
        rateLimitType=choice("ORDERS"),
        interval=choice("SECOND", "MINUTE", "HOUR", "DAY"),
        intervalNum=NUMBER,
        limit=NUMBER,
        count=NUMBER,
    )
)

_FILTER: Shape = {"type": "object", "required": ["filterType"], "properties": {"filterType": TEXT}}
FILTERS = record(
    exchangeFilters=listed(_FILTER), symbolFilters=listed(_FILTER), assetFilters=listed(_FILTER)
)

SYMBOL_STATUS = record(
    symbol=TEXT, status=choice("TRADING", "HALT", "CANCEL_ONLY"), transactTime=TIME
)

FAUCET = record(id=TEXT, coin=TEXT, amount=AMOUNT, insertTime=TIME)

DEPOSITS = listed(
    record(
        id=TEXT,
        amount=AMOUNT,
        coin=TEXT,
        network=TEXT,
        status=NUMBER,
        address=TEXT,
        addressTag=TEXT,
        txId=TEXT,
        insertTime=TIME,
        completeTime=TIME,
        transferType=NUMBER,
        confirmTimes=TEXT,
        unlockConfirm=NUMBER,
        walletType=NUMBER,
    )
)

DEPOSIT_ADDRESS = record(address=TEXT, coin=TEXT, tag=TEXT, url=TEXT)

WITHDRAWAL = record(id=TEXT)

WITHDRAWALS = listed(
    record(
        id=TEXT,
        amount=AMOUNT,
        transactionFee=AMOUNT,
        coin=TEXT,
        status=NUMBER,
        address=TEXT,
        txId=TEXT,
        applyTime=TEXT,
        network=TEXT,
        transferType=NUMBER,
        withdrawOrderId=TEXT,
        info=TEXT,
        confirmNo=NUMBER,
        walletType=NUMBER,
        txKey=TEXT,
        completeTime=TEXT,
    )
)
