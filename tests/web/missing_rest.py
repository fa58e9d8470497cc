"""REST that clients of streams need before they begin, where the gateway does not serve it."""

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from schemas.amounts import format_steps
from schemas.instruments import Instrument
from web.app import make_app
from web.gateway import Gateway


def make_app_with_missing_rest(gateway: Gateway) -> Starlette:
    """The gateway's application; what it serves itself is left alone."""
    app = make_app(gateway)
    served = {getattr(route, "path", "") for route in app.routes}
    wanted = {"/api/v3/depth": _depth, "/api/v3/exchangeInfo": _exchange_info}
    for path, answer in wanted.items():
        if path not in served:
            app.router.routes.append(Route(path, answer(gateway)))
    return app


def _depth(gateway: Gateway) -> Any:
    async def depth(request: Request) -> JSONResponse:
        market = gateway.markets.by_symbol[request.query_params["symbol"]]
        count = int(request.query_params.get("limit", 100))
        book, rules = market.book, market.instrument

        def levels(side: list[tuple[int, int]]) -> list[list[str]]:
            tick, lot = rules.tick_size, rules.lot_size
            return [[format_steps(price, tick), format_steps(lots, lot)] for price, lots in side]

        return JSONResponse(
            {
                "lastUpdateId": book.last_update_id,
                "bids": levels(book.bids.top(count)),
                "asks": levels(book.asks.top(count)),
            }
        )

    return depth


def _exchange_info(gateway: Gateway) -> Any:
    async def exchange_info(_request: Request) -> JSONResponse:
        symbols = [_symbol(rules) for rules in gateway.instruments.values()]
        return JSONResponse({"timezone": "UTC", "serverTime": 0, "symbols": symbols})

    return exchange_info


def _symbol(rules: Instrument) -> dict[str, Any]:
    return {
        "symbol": rules.symbol,
        "status": "TRADING",
        "baseAsset": rules.base_asset,
        "baseAssetPrecision": 8,
        "quoteAsset": rules.quote_asset,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": ["LIMIT", "MARKET"],
        "icebergAllowed": True,
        "ocoAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": rules.tick_size,
                "maxPrice": "1000000",
                "tickSize": rules.tick_size,
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": rules.lot_size,
                "maxQty": "9000",
                "stepSize": rules.lot_size,
            },
        ],
    }
