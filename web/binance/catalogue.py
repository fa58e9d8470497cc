"""The one list of all endpoints."""

from web.binance import (
    account,
    amending,
    cancelling,
    depositing,
    exchange_info,
    general,
    klines,
    market_books,
    market_trades,
    order_lists,
    order_queries,
    placing,
    replacing,
    sapi,
    symbol_status,
    tickers,
    trade_queries,
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
    *symbol_status.ENDPOINTS,
    *depositing.ENDPOINTS,
    *withdrawing.ENDPOINTS,
    *exchange_info.ENDPOINTS,
    *market_books.ENDPOINTS,
    *market_trades.ENDPOINTS,
    *klines.ENDPOINTS,
    *tickers.ENDPOINTS,
    *sapi.ENDPOINTS,
)
