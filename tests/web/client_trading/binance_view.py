"""What Binance's own words are for trades and balances that the log tells of."""

from decimal import Decimal
from typing import Any

from tests.web.client_trading.account import Account, Balances

_DIGITS = Decimal(1).scaleb(-8)


def my_trades(account: Account) -> list[dict[str, Any]]:
    """An account's trades, as ``myTrades`` shows them."""
    return [
        {
            "symbol": f"{account.coin}USDT",
            "id": fill.trade_id,
            "orderId": fill.order_id,
            "orderListId": -1,
            "price": _text(fill.price),
            "qty": _text(fill.quantity),
            "quoteQty": _text(fill.cost),
            "commission": _text(fill.fee),
            "commissionAsset": fill.fee_asset,
            "time": fill.time_ms,
            "isBuyer": fill.is_buyer,
            "isMaker": fill.is_maker,
            "isBestMatch": True,
        }
        for fill in account.fills
    ]


def fills_of(account: Account, order_id: int) -> list[dict[str, Any]]:
    """The fills of an order, as a FULL reply to it shows them."""
    return [
        {
            "price": each["price"],
            "qty": each["qty"],
            "commission": each["commission"],
            "commissionAsset": each["commissionAsset"],
            "tradeId": each["id"],
        }
        for each in my_trades(account)
        if each["orderId"] == order_id
    ]


def money(account: dict[str, Any]) -> Balances:
    """Free and locked of an ``account``, of assets that are there."""
    return {
        row["asset"]: (Decimal(row["free"]), Decimal(row["locked"]))
        for row in account["balances"]
        if Decimal(row["free"]) or Decimal(row["locked"])
    }


def stands(order: dict[str, Any]) -> tuple[str, str, str]:
    """How an order stands."""
    return order["status"], order["executedQty"], order["cummulativeQuoteQty"]


def _text(value: Decimal) -> str:
    return str(value.quantize(_DIGITS))
