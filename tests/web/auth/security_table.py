"""Who may ask what, written out: by Binance's documents, and for what is ours by what it does.

https://developers.binance.com/docs/binance-spot-api-docs/rest-api/
"""

from collections.abc import Mapping

from web.auth.security import Security
from web.binance.endpoint import Endpoint

_BY_SECURITY: Mapping[Security, str] = {
    Security.NONE: """
        GET /api/v3/ping
        GET /api/v3/time
        GET /api/v3/exchangeInfo
        GET /api/v3/executionRules
        GET /api/v3/referencePrice
        GET /api/v3/referencePrice/calculation
        GET /api/v3/depth
        GET /api/v3/trades
        GET /api/v3/historicalTrades
        GET /api/v3/historicalBlockTrades
        GET /api/v3/aggTrades
        GET /api/v3/klines
        GET /api/v3/uiKlines
        GET /api/v3/avgPrice
        GET /api/v3/ticker
        GET /api/v3/ticker/24hr
        GET /api/v3/ticker/bookTicker
        GET /api/v3/ticker/price
        GET /api/v3/ticker/tradingDay
        GET /sapi/v1/system/status
        GET /fapi/v1/exchangeInfo
        GET /dapi/v1/exchangeInfo
        WS session.status
        WS session.logout
        WS session.subscriptions
        WS userDataStream.unsubscribe
    """,
    Security.USER_STREAM: """
        POST /api/v3/userDataStream
        PUT /api/v3/userDataStream
        DELETE /api/v3/userDataStream
        GET /sapi/v1/margin/allPairs
        GET /sapi/v1/margin/isolated/allPairs
        WS userDataStream.subscribe
    """,
    Security.LOGON: """
        WS session.logon
    """,
    Security.USER_DATA: """
        GET /api/v3/account
        GET /api/v3/account/commission
        GET /api/v3/rateLimit/order
        GET /api/v3/myFilters
        GET /api/v3/order
        GET /api/v3/order/amendments
        GET /api/v3/openOrders
        GET /api/v3/allOrders
        GET /api/v3/orderList
        GET /api/v3/openOrderList
        GET /api/v3/allOrderList
        GET /api/v3/myTrades
        GET /api/v3/myPreventedMatches
        GET /api/v3/myAllocations
        GET /sapi/v1/account/status
        GET /sapi/v1/account/apiTradingStatus
        GET /sapi/v1/account/apiRestrictions
        POST /sapi/v3/asset/getUserAsset
        POST /sapi/v1/asset/get-funding-asset
        GET /sapi/v1/asset/dribblet
        GET /sapi/v1/asset/assetDividend
        GET /sapi/v1/asset/transfer
        GET /sapi/v1/asset/tradeFee
        GET /sapi/v1/capital/config/getall
        GET /sapi/v1/capital/deposit/hisrec
        GET /sapi/v1/capital/deposit/address
        GET /sapi/v1/capital/withdraw/history
        WS userDataStream.subscribe.signature
    """,
    Security.TRADE: """
        POST /api/v3/order
        POST /api/v3/order/test
        DELETE /api/v3/order
        DELETE /api/v3/openOrders
        POST /api/v3/order/cancelReplace
        PUT /api/v3/order/amend/keepPriority
        POST /api/v3/order/oco
        POST /api/v3/orderList/oco
        POST /api/v3/orderList/oto
        POST /api/v3/orderList/otoco
        POST /api/v3/orderList/opo
        POST /api/v3/orderList/opoco
        DELETE /api/v3/orderList
        POST /api/v3/sor/order
        POST /api/v3/sor/order/test
        POST /tradeflow/v1/deposit
    """,
    Security.WITHDRAW: """
        POST /sapi/v1/capital/withdraw/apply
    """,
    Security.OPERATOR: """
        POST /tradeflow/v1/symbol/status
        DELETE /tradeflow/v1/symbol/status
    """,
}
EXPECTED: Mapping[str, Security] = {
    name.strip(): security
    for security, names in _BY_SECURITY.items()
    for name in names.strip().splitlines()
}
"""By method and path, or by «WS» and the method of the session."""


def name_of(endpoint: Endpoint) -> str:
    """As the table names it."""
    return f"{endpoint.method} {endpoint.path}"
