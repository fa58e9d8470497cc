"""Client order ids of orders that closed lately: remembered for a day, and not too many."""

from collections import deque
from collections.abc import Iterable
from heapq import heapify, heappop, heappush

from schemas.records import ClosedOrderRow

REMEMBERED_MS = 86_400_000
"""A client order id is remembered for a day."""

ClientKey = tuple[str, str]
"""(account id, client order id)"""

_Entry = tuple[int, int, str, str]
"""(closed ms, order id, client order id, account id): entries sort by age."""


class ClosedOrders:
    """Remembered client order ids of a symbol, the oldest forgotten first.

    Entries arrive by time but, within a millisecond, in any order.  So the queue is sorted by
    time alone, and ``_oldest``, a heap, takes one millisecond out of it when one must go by count.
    """

    __slots__ = ("symbol", "limit", "entries", "_queue", "_oldest", "_changed")

    def __init__(self, symbol: str, *, limit: int) -> None:
        self.symbol = symbol
        self.limit = limit
        self.entries: dict[ClientKey, _Entry] = {}
        self._queue: deque[_Entry] = deque()
        self._oldest: list[_Entry] = []
        self._changed: set[ClientKey] = set()

    def restore(self, rows: Iterable[ClosedOrderRow]) -> None:
        """Load what a table kept."""
        entries = sorted(
            (row["closed_ms"], row["order_id"], row["client_order_id"], row["account_id"])
            for row in rows
        )
        self._queue.extend(entries)
        self.entries.update(((entry[3], entry[2]), entry) for entry in entries)

    def remember(
        self, account_id: str, client_order_id: str, *, order_id: int, now_ms: int
    ) -> None:
        """Remember an id; where there are too many now, forget the oldest."""
        entry = (now_ms, order_id, client_order_id, account_id)
        key = (account_id, client_order_id)
        oldest = self._oldest
        if oldest and oldest[0][0] == now_ms:
            heappush(oldest, entry)
        else:
            self._queue.append(entry)
        self.entries[key] = entry
        self._changed.add(key)
        while len(self.entries) > self.limit:
            self._forget_oldest()

    def forget_before(self, now_ms: int) -> None:
        """Forget what closed a day ago or earlier."""
        closed_by = now_ms - REMEMBERED_MS
        oldest = self._oldest
        if oldest:
            if oldest[0][0] > closed_by:
                return
            for entry in oldest:
                self._forget(entry)
            oldest.clear()
        queue = self._queue
        while queue and queue[0][0] <= closed_by:
            self._forget(queue.popleft())

    def take_changed(self) -> dict[str, ClosedOrderRow | None]:
        """Row key -> row (None: forgotten) of what changed since the last call."""
        rows: dict[str, ClosedOrderRow | None] = {}
        for key in self._changed:
            entry = self.entries.get(key)
            rows[f"{self.symbol}:{key[0]}:{key[1]}"] = None if entry is None else self._row(entry)
        self._changed = set()
        return rows

    def rows(self) -> list[ClosedOrderRow]:
        """All remembered ids."""
        return [self._row(entry) for entry in self.entries.values()]

    def _forget_oldest(self) -> None:
        oldest = self._oldest
        if not oldest:
            queue = self._queue
            closed_ms = queue[0][0]
            while queue and queue[0][0] == closed_ms:
                oldest.append(queue.popleft())
            heapify(oldest)
        self._forget(heappop(oldest))

    def _forget(self, entry: _Entry) -> None:
        key = (entry[3], entry[2])
        del self.entries[key]
        self._changed.add(key)

    def _row(self, entry: _Entry) -> ClosedOrderRow:
        closed_ms, order_id, client_order_id, account_id = entry
        return {
            "symbol": self.symbol,
            "order_id": order_id,
            "account_id": account_id,
            "client_order_id": client_order_id,
            "closed_ms": closed_ms,
        }
