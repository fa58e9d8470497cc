"""The one list of all endpoints."""

from web.binance import (
    exchange_info,
    general,
    klines,
    market_books,
    market_trades,
    sapi,
    tickers,
)
from web.binance.endpoint import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (
    *general.ENDPOINTS,
    *exchange_info.ENDPOINTS,
    *market_books.ENDPOINTS,
    *market_trades.ENDPOINTS,
    *klines.ENDPOINTS,
    *tickers.ENDPOINTS,
    *sapi.ENDPOINTS,
)
