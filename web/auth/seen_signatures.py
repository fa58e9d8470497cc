"""Signatures that were accepted, for as long as they could be sent again."""

from collections import defaultdict
from typing import Protocol

from web.clock import now_ms

_BUCKET_MS = 1_000


class TooManySignaturesError(Exception):
    """No more can be remembered now; what is not remembered could be sent again."""


class SeenSignatures(Protocol):
    """Remembers signatures of requests that may come but once."""

    @property
    def is_away(self) -> bool:
        """Whether what other gateways have seen should be known here, and is not now."""

    async def is_new(self, signature: str, until_ms: int) -> bool:
        """Whether this signature, in lower case, was not seen before; from now on it was.

        It need not be remembered after ``until_ms``: then the request is too old anyway.

        Raises:
            TooManySignaturesError: it cannot be remembered.
        """

    async def close(self) -> None:
        """Give connections up."""


class MemorySignatures:
    """Those that came to this process; at most ``kept`` at a time.

    They are forgotten by whole seconds: no work per signature.
    """

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._seen: set[str] = set()
        self._by_end: dict[int, list[str]] = defaultdict(list)
        self._looked_at = 0

    @property
    def is_away(self) -> bool:
        """Never: nobody else is asked."""
        return False

    def __len__(self) -> int:
        return len(self._seen)

    async def is_new(self, signature: str, until_ms: int) -> bool:
        """As ``SeenSignatures`` has it."""
        return self.note(signature, until_ms, now_ms())

    async def close(self) -> None:
        """There are no connections."""

    def note(self, signature: str, until_ms: int, at_ms: int) -> bool:
        """``is_new`` at a moment of the caller's choice."""
        self._forget(at_ms)
        if signature in self._seen:
            return False
        if len(self._seen) >= self._kept:
            # To forget one would let that one come again; so this one is not let in.
            raise TooManySignaturesError
        self._seen.add(signature)
        self._by_end[until_ms // _BUCKET_MS].append(signature)
        return True

    def living(self, at_ms: int) -> list[tuple[str, int]]:
        """All that could still be sent again, each with a moment from which it surely cannot."""
        self._forget(at_ms)
        return [
            (signature, (second + 1) * _BUCKET_MS)
            for second, signatures in self._by_end.items()
            for signature in signatures
        ]

    def _forget(self, at_ms: int) -> None:
        now = at_ms // _BUCKET_MS
        if now == self._looked_at:
            return
        self._looked_at = now
        for second in [each for each in self._by_end if each < now]:
            self._seen.difference_update(self._by_end.pop(second))
