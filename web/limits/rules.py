"""All limits, and what a request counts towards."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from web.auth.caller import Caller
from web.limits.counting import Step, Verb
from web.limits.rule import Rule

Mode = Literal["off", "on", "strict"]
"""off: counted in this process and never refused; on: Binance's limits; strict: beside them so
many requests a minute of each consumer."""

Limit = Literal["weight", "requests", "key weight", "consumer", "orders"]

ERRORS: dict[Limit, str] = {
    "weight": "TOO_MUCH_WEIGHT",
    "requests": "TOO_MANY_REQUESTS",
    "key weight": "TOO_MUCH_WEIGHT",
    "consumer": "TOO_MANY_REQUESTS",
    "orders": "TOO_MANY_ORDERS",
}
"""What is answered where a limit is passed."""


class Counted(NamedTuple):
    """A count that a request adds to."""

    limit: Limit
    rule: Rule
    step: Step


class Rules(NamedTuple):
    """All limits."""

    weight: Rule
    """Of an address; and of a key, by itself."""
    requests: Rule
    """Of an address, whatever they weigh."""
    orders: Sequence[Rule]
    """Of an account."""
    consumer: Rule
    """Requests of an account, or of an address that names none; in the strict mode."""

    @property
    def in_headers(self) -> tuple[Rule, ...]:
        """Those whose use is in the headers of answers."""
        return self.weight, *self.orders

    def as_json(self) -> list[dict[str, Any]]:
        """The ``rateLimits`` of exchangeInfo."""
        return [rule.as_json() for rule in (*self.in_headers, self.requests)]

    def of_address(self, address: str, weight: int, at_ms: int) -> Counted:
        """The weight that an address uses."""
        return _counted("weight", self.weight, address, weight, at_ms)

    def of_account(self, account_id: str, orders: int, at_ms: int) -> Iterator[Counted]:
        """The orders that an account places."""
        for rule in self.orders:
            yield _counted("orders", rule, account_id, orders, at_ms)

    def others(
        self, mode: Mode, address: str, caller: Caller | None, weight: int, at_ms: int
    ) -> Iterator[Counted]:
        """All the rest."""
        yield _counted("requests", self.requests, address, 1, at_ms)
        if caller is not None:
            yield _counted("key weight", self.weight, caller.key, weight, at_ms)
        if mode == "strict":
            # No address begins so.
            who = address if caller is None else f"account {caller.account_id}"
            yield _counted("consumer", self.consumer, who, 1, at_ms)


def _counted(limit: Limit, rule: Rule, who: str, number: int, at_ms: int) -> Counted:
    window, end_ms = rule.window(at_ms)
    return Counted(
        limit, rule, Step(Verb.ADD, f"{limit}:{rule.span}:{window}:{who}", number, end_ms)
    )
