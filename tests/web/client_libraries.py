"""Clients' libraries, whose use of what others have deprecated is theirs."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import ccxt.pro as ccxt_pro
    from binance import AsyncClient, BinanceSocketManager
    from binance.ws.depthcache import DepthCacheManager

__all__ = ["AsyncClient", "BinanceSocketManager", "DepthCacheManager", "ccxt_pro"]
