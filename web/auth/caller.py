"""Who calls, once their key and signature were checked."""

from dataclasses import dataclass
from enum import StrEnum

from schemas.headers import Actor


class Scope(StrEnum):
    """What a key may be used for."""

    READ = "read"
    TRADE = "trade"
    WITHDRAW = "withdraw"
    OPERATE = "operate"
    """Halt and resume symbols: for operators' keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The account behind a request."""

    account_id: str
    key: str
    """The API key, whole; its first characters are enough for people."""
    scopes: frozenset[Scope]
    address: str = ""
    """The client's address, as far as it is known."""
    session: str = ""

    @property
    def actor(self) -> Actor:
        """For the headers of what it asks for."""
        return Actor(self.account_id, self.session or self.key[:8], self.address)
