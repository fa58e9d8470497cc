"""An API key and who gives it out."""

from dataclasses import dataclass
from typing import Protocol

from web.auth.caller import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as the gateway needs it; ``secret`` is in the clear only in memory."""

    key: str
    secret: str
    account_id: str
    scopes: frozenset[Scope]


class KeyRing(Protocol):
    """Finds keys; those that were revoked are not found."""

    async def find(self, key: str) -> ApiKey | None:
        """The key of this text, if there is one."""
