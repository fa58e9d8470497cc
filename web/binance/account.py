"""What an account has, what it pays, and what limits it."""

from typing import Any

from schemas.amounts import format_units
from schemas.instruments import assets_of
from web.auth.caller import Scope
from web.auth.security import Security
from web.binance.account_shapes import ACCOUNT, COMMISSION, FILTERS, ORDER_COUNTS
from web.binance.commissions import no_discount, rate, rates
from web.binance.endpoint import Call, Endpoint
from web.binance.order_parameters import SYMBOL
from web.binance.parameters import Parameter
from web.binance.reply import TimeMs
from web.state.account_ids import number_of

_PPM_PER_BASIS_POINT = 100


async def _account(call: Call) -> dict[str, Any]:
    gateway, account_id = call.gateway, call.account_id
    assert call.caller is not None
    scopes = call.caller.scopes
    instruments = gateway.instruments.values()
    # Rates are the instruments': the highest is what nobody pays more than.
    maker = max(each.maker_rate_ppm for each in instruments)
    taker = max(each.taker_rate_ppm for each in instruments)
    is_open = gateway.balances.status(account_id) == "OPEN"
    return {
        "makerCommission": maker // _PPM_PER_BASIS_POINT,
        "takerCommission": taker // _PPM_PER_BASIS_POINT,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {
            "maker": rate(maker),
            "taker": rate(taker),
            "buyer": rate(0),
            "seller": rate(0),
        },
        "canTrade": is_open and Scope.TRADE in scopes,
        "canWithdraw": is_open and Scope.WITHDRAW in scopes,
        "canDeposit": gateway.balances.status(account_id) != "CLOSED",
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": TimeMs(gateway.balances.changed_ms(account_id)),
        "accountType": "SPOT",
        "balances": _balances(call),
        "permissions": ["SPOT"],
        "uid": number_of(account_id),
    }


def _balances(call: Call) -> list[dict[str, str]]:
    balances = call.gateway.balances.of(call.account_id)
    found = []
    for asset in sorted(assets_of(call.gateway.instruments) | balances.keys()):
        available, held = balances.get(asset, (0, 0))
        if available or held or not call.values["omitZeroBalances"]:
            found.append(
                {"asset": asset, "free": format_units(available), "locked": format_units(held)}
            )
    return found


async def _commission(call: Call) -> dict[str, Any]:
    instrument = call.values["symbol"]
    return {
        "symbol": instrument.symbol,
        "standardCommission": rates(instrument),
        "specialCommission": rates(None),
        "taxCommission": rates(None),
        "discount": no_discount(),
    }


async def _order_counts(call: Call) -> list[dict[str, Any]]:
    return await call.gateway.limiter.orders_of(call.account_id)


async def _filters(call: Call) -> dict[str, Any]:
    """The filters that look at what an account has open."""
    instrument = call.values["symbol"]
    filters = (
        ("MAX_NUM_ORDERS", "maxNumOrders", instrument.max_num_orders),
        ("MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders", instrument.max_num_algo_orders),
        ("MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders", instrument.max_num_iceberg_orders),
    )
    return {
        "exchangeFilters": [],
        "symbolFilters": [
            {"filterType": name, field: most} for name, field, most in filters if most
        ],
        "assetFilters": [],
    }


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/api/v3/account",
        handle=_account,
        summary="The account's balances and rights.",
        security=Security.USER_DATA,
        weight=20,
        parameters=(
            Parameter(
                name="omitZeroBalances",
                kind="flag",
                default=False,
                description="Leave out assets that the account has nothing of.",
            ),
        ),
        ws_method="account.status",
        replies=ACCOUNT,
    ),
    Endpoint(
        method="GET",
        path="/api/v3/account/commission",
        handle=_commission,
        summary="The commission rates of a symbol.",
        security=Security.USER_DATA,
        weight=20,
        parameters=(SYMBOL,),
        ws_method="account.commission",
        replies=COMMISSION,
    ),
    Endpoint(
        method="GET",
        path="/api/v3/rateLimit/order",
        handle=_order_counts,
        summary="How many orders the account has placed, of how many it may.",
        security=Security.USER_DATA,
        weight=40,
        ws_method="account.rateLimits.orders",
        replies=ORDER_COUNTS,
    ),
    Endpoint(
        method="GET",
        path="/api/v3/myFilters",
        handle=_filters,
        summary="The filters that look at what the account has open in a symbol.",
        security=Security.USER_DATA,
        weight=40,
        parameters=(SYMBOL,),
        ws_method="myFilters",
        replies=FILTERS,
    ),
)
