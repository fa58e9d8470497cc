"""What waits for a client that reads more slowly than it is written to."""

from collections import OrderedDict
from collections.abc import Hashable


class Outbox:
    """Messages in order, so many bytes of them at most; the newest of a key replaces the older."""

    __slots__ = ("_bytes_max", "_count", "_waiting", "size")

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._count = 0
        self._waiting: OrderedDict[Hashable, bytes] = OrderedDict()
        self.size = 0
        """Bytes that wait."""

    def __len__(self) -> int:
        return len(self._waiting)

    def has(self, key: Hashable) -> bool:
        """Whether a message of this key waits."""
        return key in self._waiting

    def put(self, data: bytes, key: Hashable | None = None) -> bool:
        """Append a message; False: there is no room, and nothing has changed."""
        if key is None:
            # No key that a message has is an integer.
            key = self._count
            self._count += 1
        size = self.size - len(self._waiting.get(key, b"")) + len(data)
        if size > self._bytes_max:
            return False
        self._waiting[key] = data
        # It is as new as what it says.
        self._waiting.move_to_end(key)
        self.size = size
        return True

    def take(self, bytes_about: int) -> list[bytes]:
        """Remove the oldest messages, until they are so many bytes or more, or all."""
        taken: list[bytes] = []
        size = 0
        while self._waiting and size < bytes_about:
            _, data = self._waiting.popitem(last=False)
            taken.append(data)
            size += len(data)
        self.size -= size
        return taken

    def clear(self) -> None:
        """Remove all."""
        self._waiting.clear()
        self.size = 0
