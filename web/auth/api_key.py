"""An API key and who gives it out."""

from dataclasses import dataclass, field
from typing import Protocol

from web.auth.caller import Scope

SHOWN_CHARACTERS = 8
"""So much of a key is enough for people to tell it from others, and for logs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as the gateway needs it; ``secret`` is in the clear only in memory."""

    key: str
    # Whatever shows a key to a log or a traceback shows no secret.
    secret: str = field(repr=False)
    account_id: str
    scopes: frozenset[Scope]


class KeysAwayError(Exception):
    """Whether there is such a key cannot be found out now."""


class KeyRing(Protocol):
    """Finds keys; those that were revoked are not found."""

    @property
    def is_away(self) -> bool:
        """Whether only keys that are in memory can be found now."""

    async def find(self, key: str) -> ApiKey | None:
        """The key of this text, if there is one.

        Raises:
            KeysAwayError: it is not known here, and who knows it does not answer.
        """
