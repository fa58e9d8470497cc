"""Client order ids of orders that closed lately: remembered for a day, and not too many."""

from collections import deque
from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from typing import Final

from schemas.records import ClosedOrderRow
from streams.domain.account_orders import AccountOrders, ClosedOrder

REMEMBERED_MS: Final = 86_400_000
"""A client order id is remembered for a day."""


class ClosedOrders:
    """Remembered client order ids of a symbol, the oldest forgotten first.

    Ids arrive by time but, within a millisecond, in any order.  So the queue is sorted by time
    alone, and ``_oldest``, a heap by order id and client order id, takes one millisecond out of it
    when one must go by count.
    """

    __slots__ = ("limit", "count", "accounts", "_queue", "_oldest", "_changed")

    def __init__(self, accounts: dict[str, AccountOrders], *, limit: int) -> None:
        self.limit = limit
        self.count = 0
        self.accounts = accounts
        self._queue: deque[ClosedOrder] = deque()
        self._oldest: list[tuple[int, str, ClosedOrder]] = []
        self._changed: list[ClosedOrder] = []

    def remember(self, closed: ClosedOrder) -> None:
        """Remember an id in place of its holder; where there are too many, forget the oldest."""
        closed.account.client_ids[closed.client_order_id] = closed
        oldest = self._oldest
        if oldest and oldest[0][2].closed_ms == closed.closed_ms:
            heappush(oldest, (closed.order_id, closed.client_order_id, closed))
        else:
            self._queue.append(closed)
        self._changed.append(closed)
        self.count += 1
        while self.count > self.limit:
            self._forget_oldest()

    def forget_before(self, now_ms: int) -> None:
        """Forget what closed a day ago or earlier."""
        closed_by = now_ms - REMEMBERED_MS
        oldest = self._oldest
        if oldest:
            if oldest[0][2].closed_ms > closed_by:
                return
            for _, _, closed in oldest:
                self._forget(closed)
            oldest.clear()
        queue = self._queue
        while queue and queue[0].closed_ms <= closed_by:
            self._forget(queue.popleft())

    def restore(self, closed: Iterable[ClosedOrder]) -> None:
        """Load what a table kept."""
        for one in sorted(closed, key=lambda one: one.closed_ms):
            one.account = open_account(self.accounts, one.account.account_id)
            self.remember(one)
        self._changed.clear()

    def take_changed(self) -> dict[str, ClosedOrder | None]:
        """Row key -> its live form (None: forgotten) of what changed since the last call."""
        changed: dict[str, ClosedOrder | None] = {}
        for closed in self._changed:
            account, client_order_id = closed.account, closed.client_order_id
            holder = account.client_ids.get(client_order_id)
            changed[f"{closed.symbol}:{account.account_id} {client_order_id}"] = (
                holder if isinstance(holder, ClosedOrder) else None
            )
        self._changed.clear()
        return changed

    def rows(self) -> list[ClosedOrderRow]:
        """All remembered ids, in no particular order."""
        oldest = [closed for _, _, closed in self._oldest]
        return [closed.to_row() for closed in (*oldest, *self._queue)]

    def _forget_oldest(self) -> None:
        oldest = self._oldest
        if not oldest:
            queue = self._queue
            closed_ms = queue[0].closed_ms
            while queue and queue[0].closed_ms == closed_ms:
                closed = queue.popleft()
                oldest.append((closed.order_id, closed.client_order_id, closed))
            heapify(oldest)
        self._forget(heappop(oldest)[2])

    def _forget(self, closed: ClosedOrder) -> None:
        account = closed.account
        del account.client_ids[closed.client_order_id]
        if not account.client_ids:
            del self.accounts[account.account_id]
        self.count -= 1
        self._changed.append(closed)


def open_account(accounts: dict[str, AccountOrders], account_id: str) -> AccountOrders:
    """The account's orders, from the moment that its first client order id is in use."""
    account = accounts.get(account_id)
    if account is None:
        account = accounts[account_id] = AccountOrders(account_id)
    return account
