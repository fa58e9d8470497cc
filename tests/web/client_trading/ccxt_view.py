"""What ccxt has to say of trades and balances that the log tells of."""

from decimal import Decimal
from typing import Any

from tests.chaos.exchange import await_condition
from tests.web.client_trading.account import Account, Balances, Fill

Trade = dict[str, Any]
_SHOWN = (
    *("id", "order", "timestamp", "symbol", "side", "takerOrMaker"),
    *("price", "amount", "cost", "fee"),
)


def trades_of(account: Account, pair: str) -> list[Trade]:
    """An account's trades, as ccxt shows those of whoever asks."""
    return [_trade(fill, pair) for fill in account.fills]


def _trade(fill: Fill, pair: str) -> Trade:
    return {
        "id": str(fill.trade_id),
        "order": str(fill.order_id),
        "timestamp": fill.time_ms,
        "symbol": pair,
        "side": "buy" if fill.is_buyer else "sell",
        "takerOrMaker": "maker" if fill.is_maker else "taker",
        "price": float(fill.price),
        "amount": float(fill.quantity),
        "cost": float(fill.cost),
        "fee": {"currency": fill.fee_asset, "cost": float(fill.fee)},
    }


def shown(trades: list[Trade]) -> list[Trade]:
    """Trades that ccxt gave, without what it keeps of Binance's own names."""
    return [{name: trade[name] for name in _SHOWN} for trade in trades]


def money(balance: dict[str, Any]) -> Balances:
    """Free and locked of a balance that ccxt gave, to the last digit, of assets that are there."""
    return {
        row["asset"]: (Decimal(row["free"]), Decimal(row["locked"]))
        for row in balance["info"]["balances"]
        if Decimal(row["free"]) or Decimal(row["locked"])
    }


def await_money(client: Any, account: Account, **locked: str) -> None:
    """Wait until the client shows exactly what the log makes of the account's money."""
    expected = account.balances(**locked)

    def shows_it() -> Any:
        balance = client.fetch_balance()
        return money(balance) == expected and balance

    balance = await_condition(shows_it, f"{expected}")
    for asset, (free, used) in expected.items():
        unified = {"free": free, "used": used, "total": free + used}
        assert balance[asset] == {name: float(amount) for name, amount in unified.items()}


def stands(order: dict[str, Any]) -> tuple[Any, ...]:
    """How an order stands."""
    return order["status"], order["filled"], order["remaining"], order["average"], order["cost"]


def await_stands(client: Any, order_id: str, pair: str, expected: tuple[Any, ...]) -> None:
    """Wait until an order stands so: its owner may hear of a fill later than who took it."""
    await_condition(lambda: stands(client.fetch_order(order_id, pair)) == expected, f"{expected}")
