"""Listen keys: texts that open an account's stream to whoever knows them, for an hour.

Binance has retired them; bots of before 2026 know nothing else.
"""

import secrets
import string
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

_LENGTH = 64
_ALPHABET = string.ascii_letters + string.digits


def new_listen_key() -> str:
    """A key that nobody guesses."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def may_be_listen_key(name: str) -> bool:
    """Whether a stream's name can be one: no other stream's name looks like it."""
    return len(name) == _LENGTH and name.isascii() and name.isalnum()


class ListenKeys(Protocol):
    """The keys of all accounts, one each, as every process sees them.

    Methods raise BinanceError (DISCONNECTED) where their store does not answer.
    """

    async def open(self, account_id: str) -> str:
        """The account's key, new or as it is, good for its whole life from now on."""

    async def extend(self, account_id: str, listen_key: str) -> bool:
        """Make it good for its whole life from now on; False: the account has no such key."""

    async def close(self, account_id: str, listen_key: str) -> bool:
        """Take it away; False: the account has no such key."""

    async def account_of(self, listen_key: str) -> str | None:
        """Whose key it is; None: nobody's, any more."""

    async def disconnect(self) -> None:
        """Give up what it holds open."""


class _Held(NamedTuple):
    account_id: str
    until: float


class MemoryListenKeys:
    """Keys of this process alone: enough for one gateway."""

    def __init__(self, life_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._life_seconds = life_seconds
        self._clock = clock
        self._held: dict[str, _Held] = {}
        self._of_account: dict[str, str] = {}

    async def open(self, account_id: str) -> str:
        """The account's key, new or as it is, good for its whole life from now on."""
        listen_key = self._of_account.get(account_id, "")
        if not await self.extend(account_id, listen_key):
            listen_key = new_listen_key()
            self._of_account[account_id] = listen_key
            self._hold(account_id, listen_key)
        return listen_key

    async def extend(self, account_id: str, listen_key: str) -> bool:
        """Make it good for its whole life from now on; False: the account has no such key."""
        if await self.account_of(listen_key) != account_id:
            return False
        self._hold(account_id, listen_key)
        return True

    async def close(self, account_id: str, listen_key: str) -> bool:
        """Take it away; False: the account has no such key."""
        if await self.account_of(listen_key) != account_id:
            return False
        self._forget(listen_key)
        return True

    async def account_of(self, listen_key: str) -> str | None:
        """Whose key it is; None: nobody's, any more."""
        held = self._held.get(listen_key)
        if held is None:
            return None
        if held.until <= self._clock():
            self._forget(listen_key)
            return None
        return held.account_id

    async def disconnect(self) -> None:
        """Nothing is held open."""

    def _hold(self, account_id: str, listen_key: str) -> None:
        self._held[listen_key] = _Held(account_id, self._clock() + self._life_seconds)

    def _forget(self, listen_key: str) -> None:
        held = self._held.pop(listen_key)
        del self._of_account[held.account_id]
