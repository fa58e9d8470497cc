"""What an endpoint is: from the one table of them come routes, documents, limits and tests."""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from web.auth.caller import Caller
from web.auth.security import Security
from web.binance.parameters import Parameter

if TYPE_CHECKING:
    from web.gateway import Gateway


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has passed all checks."""

    gateway: "Gateway"
    values: Mapping[str, Any]
    """The endpoint's parameters by name: every one, as ``read_parameters`` gives them."""
    caller: Caller | None = None
    """None where no key is asked for."""
    headers: list[tuple[str, str]] = field(default_factory=list)
    """Further ones for the answer, where it has headers."""

    @property
    def account_id(self) -> str:
        """The account that is asked for; an endpoint without a caller never asks."""
        assert self.caller is not None
        return self.caller.account_id


Handler = Callable[[Call], Awaitable[Any]]
"""Gives what JSON can hold; times are ``TimeMs`` (web/binance/reply.py)."""
StateOf = Callable[[Call], Hashable | None]
"""What an answer depends on beside its parameters; None: do not ask."""
Weight = int | Callable[[Mapping[str, Any]], int]
"""A request's weight, or the function that finds it from the endpoint's parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One operation: over REST, and over the WebSocket API where it has a method there."""

    method: str
    path: str
    handle: Handler
    summary: str
    security: Security = Security.NONE
    weight: Weight = 1
    parameters: tuple[Parameter, ...] = ()
    ws_method: str = ""
    old_paths: tuple[str, ...] = ()
    """Where Binance had it once; old clients still ask there."""
    state_of: StateOf | None = None
    """As long as this is equal the answer is, and REST makes it once; None: each time anew."""
    orders: int = 0
    """How many orders it places, for the limits of orders."""
    is_free_when_done: bool = False
    """Whether it weighs something only if it is refused, as placing and cancelling do."""
    replies: Mapping[str, Any] = field(default_factory=dict)
    """The JSON schema of its answer, for the OpenAPI document; empty: an object."""

    @property
    def least_weight(self) -> int:
        """What a request weighs whose parameters cannot be read."""
        return self.weight if isinstance(self.weight, int) else 1

    def weight_of(self, values: Mapping[str, Any]) -> int:
        """The weight of one request."""
        return self.weight if isinstance(self.weight, int) else self.weight(values)
