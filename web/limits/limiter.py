"""Counts what clients use, and says it in the headers that they look for."""

from typing import Any, Protocol

from web.auth.caller import Caller

Headers = list[tuple[str, str]]


class Limiter(Protocol):
    """Counts weight by address, and orders by account."""

    async def take(
        self, *, address: str, caller: Caller | None, weight: int, orders: int
    ) -> Headers:
        """Count a request before it is carried out; the headers that its answer gets.

        Raises:
            BinanceError: it is too much; its ``headers`` say when to come back.
        """

    async def orders_of(self, account_id: str) -> list[dict[str, Any]]:
        """How many orders the account has placed, as ``GET /api/v3/rateLimit/order`` says it."""


class Unlimited:
    """Lets everything through and counts nothing."""

    async def take(
        self, *, address: str, caller: Caller | None, weight: int, orders: int
    ) -> Headers:
        """No headers, never an error."""
        return []

    async def orders_of(self, account_id: str) -> list[dict[str, Any]]:
        """Nothing is limited."""
        return []
