"""Sagas that the log has no rows of any more: the orders stage forgets them, MySQL does not.

What can still be said of them comes from the commands that began them and from the last reports.
"""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from schemas.topics import ORDERS_COMMANDS
from tradeflow.checking.entry import Entry, read_entry
from tradeflow.checking.stores.comparison import TableComparison
from tradeflow.checking.stores.expected_rows import ExpectedRows
from tradeflow.checking.stores.mysql.columns import SAGA_INSTANCE, key_of
from tradeflow.checking.stores.mysql.reference import PAID
from tradeflow.checking.stores.store_log import Show, StoreLog

_FORGOTTEN = "sagas in the store alone"
_PLACEMENTS = ("PlaceOrder", "CancelReplaceOrder")
_PAGE = 2_000
_ENDED = ("COMPLETED", "FAILED")
_OF_ORDER = ("order_id", "order_status", "client_order_id")

Row = dict[str, Any]


class ForgottenSagas:
    """The store's sagas of which the log has no rows, and its orders of which the store has none.

    ``complete`` are the partitions of which the store has all that there was before it was read: in
    others, what is missing or not at its end may be yet to come.
    """

    def __init__(
        self, rows: ExpectedRows, table: TableComparison, complete: Collection[int]
    ) -> None:
        self._rows = rows
        self._table = table
        self._complete = complete

    def add(self, row: Row, order: Row | None) -> None:
        """One of the store's; ``order`` is what its last report says, if one is known."""
        kept = {"row": row, "order": order, "expected": None}
        self._rows.put(_FORGOTTEN, key_of(SAGA_INSTANCE, row), kept)

    def judge(self, bootstrap: str, show: Show) -> None:
        """Hold each against its command, and see that no accepted order lacks its saga."""
        if not (self._rows.has_any(_FORGOTTEN) or self._rows.has_any(PAID)):
            return
        log = StoreLog(bootstrap, [ORDERS_COMMANDS.name])
        try:
            placed: list[Entry] = []
            for record in log.rest(show):
                if not record.is_tick:
                    entry = read_entry(record)
                    placed += [entry] if entry.name in _PLACEMENTS else []
                if len(placed) >= _PAGE:
                    self._compare(placed)
                    placed = []
            self._compare(placed)
        finally:
            log.close()
        for key, kept in self._rows.left(_FORGOTTEN):
            if kept["expected"] is None:
                self._table.extra(key, kept["row"])
            else:
                self._table.wrong(key, kept["expected"], _said(kept["row"], kept["expected"]))

    def _compare(self, placed: list[Entry]) -> None:
        # An id that came again is a repeat, or was refused: one of its commands began the saga.
        commands: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in placed:
            commands[f"{entry.value['account_id']} {entry.value['command_id']}"].append(entry)
        for key, kept in self._rows.take(_FORGOTTEN, commands).items():
            for entry in commands[key]:
                expected = self._expected(entry, kept["order"])
                if _said(kept["row"], expected) == expected:
                    break
            else:
                self._rows.put(_FORGOTTEN, key, kept | {"expected": expected})
        for key, order in self._rows.take(PAID, commands).items():
            if order["partition"] in self._complete:
                self._table.missing(key, order)

    def _expected(self, entry: Entry, order: Row | None) -> Row:
        command = {"name": entry.name, **entry.value}
        expected = {"symbol": command["symbol"], "command": command}
        if entry.number in self._complete:
            expected["has_ended"] = True
            if order is not None:
                expected |= {name: order[name] for name in _OF_ORDER}
        return expected


def _said(row: Row, wanted: Row) -> Row:
    """What the store's row says of these."""
    ended = row["current_state"] in _ENDED and row["closed_at"] is not None
    said = row | {"command": row["payload"]["command"], "has_ended": ended}
    return {name: said[name] for name in wanted}
