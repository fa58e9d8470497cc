"""Orders as tests send them."""

from typing import Any

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
