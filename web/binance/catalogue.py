"""The one list of all endpoints."""

from web.binance import (
    account,
    amending,
    cancelling,
    depositing,
    general,
    order_lists,
    order_queries,
    placing,
    replacing,
    symbol_status,
    trade_queries,
    unsupported_orders,
    withdrawing,
)
from web.binance.endpoint import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (
    *general.ENDPOINTS,
    *placing.ENDPOINTS,
    *cancelling.ENDPOINTS,
    *replacing.ENDPOINTS,
    *amending.ENDPOINTS,
    *order_queries.ENDPOINTS,
    *trade_queries.ENDPOINTS,
    *account.ENDPOINTS,
    *order_lists.ENDPOINTS,
    *unsupported_orders.ENDPOINTS,
    *symbol_status.ENDPOINTS,
    *depositing.ENDPOINTS,
    *withdrawing.ENDPOINTS,
)
