"""Orders as tests send them."""

from typing import Any

from tests.chaos.exchange import await_condition
from tests.web.signed_client import SignedClient

ORDER = "/api/v3/order"


def limit(
    client: SignedClient, symbol: str, side: str, quantity: str, price: str, **more: Any
) -> Any:
    """Place a GTC limit order; what was answered."""
    terms = {"type": "LIMIT", "timeInForce": "GTC", "quantity": quantity, "price": price, **more}
    return client.post(ORDER, symbol=symbol, side=side, **terms)


def market(client: SignedClient, symbol: str, side: str, **terms: Any) -> Any:
    """Place a market order; what was answered."""
    return client.post(ORDER, symbol=symbol, side=side, type="MARKET", **terms)


def await_order(client: SignedClient, symbol: str, order_id: int, **fields: Any) -> Any:
    """An order, once it stands so: its owner may hear of a fill later than who took it."""

    def stands_so() -> Any:
        shown = client.get(ORDER, symbol=symbol, orderId=order_id)
        return fields.items() <= shown.items() and shown

    return await_condition(stands_so, f"order {order_id} to have {fields}")


def await_trades(client: SignedClient, symbol: str, count: int) -> Any:
    """All trades of an account, once there are so many: a maker may hear of them later."""

    def there_are() -> Any:
        trades = client.get("/api/v3/myTrades", symbol=symbol)
        return len(trades) >= count and trades

    return await_condition(there_are, f"{count} trades in {symbol}")
