"""Keys that tests make up."""

from web.auth.api_key import ApiKey
from web.auth.caller import Scope

__all__ = ["ALL_SCOPES", "MemoryKeys", "key_of"]

ALL_SCOPES = frozenset(Scope)


def key_of(account_id: str, *scopes: Scope) -> ApiKey:
    """A key whose text and secret follow from the account and the scopes; none given: all."""
    name = f"{account_id}{''.join(scopes)}".replace("-", "")
    return ApiKey(
        key=f"key{name}",
        secret=f"secret{name}",
        account_id=account_id,
        scopes=frozenset(scopes) or ALL_SCOPES,
    )


class MemoryKeys:
    """A ring of whatever keys were added."""

    is_away = False

    def __init__(self) -> None:
        self._keys: dict[str, ApiKey] = {}

    def add(self, key: ApiKey) -> ApiKey:
        """Put a key on the ring."""
        self._keys[key.key] = key
        return key

    def remove(self, key: ApiKey) -> None:
        """Revoke a key."""
        del self._keys[key.key]

    async def find(self, key: str) -> ApiKey | None:
        """The key of this text, if it was added."""
        return self._keys.get(key)
