"""Replies that are the same until the state that they tell of changes."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple

BYTES_MAX = 32 * 1024 * 1024
REPLY_BYTES_MAX = 512 * 1024
ENTRY_BYTES = 2 * 1024
"""About what is kept beside a reply, at most: a long query, a state, and what Python adds."""


class _Kept(NamedTuple):
    state: Hashable
    reply: bytes


class KeptReplies:
    """The replies that were asked for last; no more bytes than so many, what finds them counted.

    Replies may be short and what is asked of many kinds: then it is not they that fill the memory.
    """

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()

    def find(self, request: Hashable, state: Hashable) -> bytes | None:
        """The reply to this request, if it was made of this state."""
        kept = self._kept.get(request)
        if kept is None or kept.state != state:
            return None
        self._kept.move_to_end(request)
        return kept.reply

    def keep(self, request: Hashable, state: Hashable, reply: bytes) -> None:
        """Keep a reply in place of what was kept for this request."""
        self._drop(self._kept.pop(request, None))
        if len(reply) > REPLY_BYTES_MAX:
            return
        # A copy: orjson's bytes hold on to several kilobytes more than they say.
        self._kept[request] = _Kept(state, bytes(memoryview(reply)))
        self._bytes += len(reply) + ENTRY_BYTES
        while self._bytes > self._bytes_max:
            self._drop(self._kept.popitem(last=False)[1])

    def _drop(self, kept: _Kept | None) -> None:
        if kept is not None:
            self._bytes -= len(kept.reply) + ENTRY_BYTES
