"""All that a partition of the orders stage knows, and which rows of it have changed."""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from schemas.instruments import Instrument
from schemas.records import OrderClockRow, OrderCommandRow, OrderSagaRow
from streams.domain.age_queue import AgeQueue
from streams.domain.order_names import OrderNames
from streams.domain.saga import SECOND_LEG, Saga
from streams.domain.symbol_state import SymbolState

REMEMBERED_MS = 600_000
"""Placements that are closed, and other commands, are remembered for ten minutes."""

REMEMBERED_LIMIT = 100_000
"""Of each of the two, how many a partition remembers."""

CLOCK_KEY = "clock"

OrdersRow = OrderSagaRow | OrderCommandRow | OrderClockRow


class OrdersState:
    """Sagas and remembered commands by ``account id``, and the indexes over them.

    ``names`` and ``by_order`` find the sagas that were not rejected, by account, symbol and client
    order id, or order id.
    """

    __slots__ = (
        "rules",
        "timeout_ms",
        "sagas",
        "commands",
        "names",
        "by_order",
        "commands_ms",
        "executions_ms",
        "submitted",
        "reserving_again",
        "_closed",
        "_old_commands",
        "_changed_sagas",
        "_changed_commands",
        "_is_clock_new",
    )

    def __init__(
        self, instruments: Mapping[str, Instrument], *, timeout_ms: int, remembered_limit: int
    ) -> None:
        # Markets without orders: admission's checks of an order alone ask for their instrument.
        self.rules = {
            symbol: SymbolState(instrument, closed_limit=0)
            for symbol, instrument in instruments.items()
        }
        self.timeout_ms = timeout_ms
        self.sagas: dict[str, Saga] = {}
        self.commands: dict[str, OrderCommandRow] = {}
        self.names = OrderNames()
        self.by_order: dict[tuple[str, str, int], Saga] = {}
        self.commands_ms = 0
        self.executions_ms = 0
        self.submitted: deque[tuple[int, str]] = deque()
        """What matching is to answer: when it was asked, and the saga's key."""
        self.reserving_again: deque[tuple[int, str]] = deque()
        """The same of second reservations."""
        """Keys of sagas by the time at which they went to matching, or were asked after."""
        self._closed = AgeQueue(kept_ms=REMEMBERED_MS, limit=remembered_limit)
        self._old_commands = AgeQueue(kept_ms=REMEMBERED_MS, limit=remembered_limit)
        self._changed_sagas: dict[str, None] = {}
        self._changed_commands: dict[str, None] = {}
        self._is_clock_new = False

    @property
    def now_ms(self) -> int:
        """The stage's time: how far its inputs have come."""
        return max(self.commands_ms, self.executions_ms)

    def advance_commands(self, time_ms: int) -> None:
        """Let the clock of the commands come to a time, and forget what is too old."""
        if time_ms > self.commands_ms:
            self.commands_ms = time_ms
            self._move()

    def advance_executions(self, time_ms: int) -> None:
        """The same with the clock of the executions."""
        if time_ms > self.executions_ms:
            self.executions_ms = time_ms
            self._move()

    def _move(self) -> None:
        self._is_clock_new = True
        self._forget()

    # --- sagas ------------------------------------------------------------------------------------

    def add(self, saga: Saga) -> None:
        """Keep a new saga, and find it by its client order id."""
        self.sagas[saga.key] = saga
        self.names.add(saga)
        self._changed_sagas[saga.key] = None

    def change(self, saga: Saga) -> None:
        """Note that a saga changed; one that came to its end is forgotten some time later."""
        key = saga.key
        self._changed_sagas[key] = None
        if saga.is_closed and not saga.closed_ms:
            saga.closed_ms = max(self.now_ms, 1)
            if saga.state == "FAILED":
                self.names.remove(saga)
            else:
                self.names.judge(saga)
            self._closed.add(saga.closed_ms, key)
            self._forget()

    def second_leg(self, saga: Saga) -> Saga | None:
        """The saga of the second leg, where ``saga`` is of the first one of an order list."""
        return self.sagas.get(saga.key + SECOND_LEG)

    def drop_answered(self) -> None:
        """Let go of those at the front of ``submitted`` that are waited for no more."""
        submitted = self.submitted
        while submitted:
            saga = self.sagas.get(submitted[0][1])
            if saga is not None and saga.is_awaited:
                return
            submitted.popleft()

    def number(self, saga: Saga, order_id: int) -> None:
        """Find the saga by the id that matching gave its order."""
        saga.order_id = order_id
        self.names.judge(saga)
        self.by_order[saga.account_id, saga.symbol, order_id] = saga

    def rename(self, saga: Saga, client_order_id: str) -> None:
        """Find the saga by the client order id that an amendment gave its order."""
        self.names.remove(saga)
        saga.client_order_id = client_order_id
        self.names.add(saga)

    def find(self, account_id: str, symbol: str, order_id: int, client_id: str) -> Saga | None:
        """The account's placement of this order id, or, where that is 0, of this client id."""
        if not order_id:
            return self.names.find(account_id, symbol, client_id)
        saga = self.by_order.get((account_id, symbol, order_id))
        if saga is not None and client_id and saga.client_order_id != client_id:
            return None
        return saga

    # --- remembered commands ----------------------------------------------------------------------

    def remember(self, command: Mapping[str, Any], data: bytes) -> None:
        """Remember a command that begins no saga."""
        key = f"{command['account_id']} {command['command_id']}"
        self.commands[key] = {
            "command_id": command["command_id"],
            "account_id": command["account_id"],
            "payload": data,
            "time_ms": self.now_ms,
        }
        self._changed_commands[key] = None
        self._old_commands.add(self.now_ms, key)
        self._forget()

    def _forget(self) -> None:
        now_ms = self.now_ms
        for key in self._old_commands.take_old(now_ms):
            del self.commands[key]
            self._changed_commands[key] = None
        for key in self._closed.take_old(now_ms):
            saga = self.sagas.pop(key)
            self._changed_sagas[key] = None
            if saga.state != "FAILED":
                self.names.remove(saga)
            self.by_order.pop((saga.account_id, saga.symbol, saga.order_id), None)

    # --- rows -------------------------------------------------------------------------------------

    def take_changes(self) -> dict[str, OrdersRow | None]:
        """By key, the rows that changed since the last call; None for one that is gone."""
        rows: dict[str, OrdersRow | None] = {}
        for key in self._changed_sagas:
            saga = self.sagas.get(key)
            rows[f"saga {key}"] = None if saga is None else saga.to_row()
        for key in self._changed_commands:
            rows[f"command {key}"] = self.commands.get(key)
        if self._is_clock_new:
            rows[CLOCK_KEY] = self._clock()
        self._changed_sagas.clear()
        self._changed_commands.clear()
        self._is_clock_new = False
        return rows

    def rows(self) -> dict[str, OrdersRow]:
        """All rows by key."""
        rows: dict[str, OrdersRow] = {CLOCK_KEY: self._clock()}
        rows.update({f"saga {key}": saga.to_row() for key, saga in self.sagas.items()})
        rows.update({f"command {key}": row for key, row in self.commands.items()})
        return rows

    def _clock(self) -> OrderClockRow:
        return {"commands_ms": self.commands_ms, "executions_ms": self.executions_ms}

    def load(self, rows: Mapping[str, Any]) -> None:
        """Take what a table kept in place of what is there."""
        for key, row in rows.items():
            if key.startswith("saga "):
                self._load_saga(Saga.from_row(row))
            elif key.startswith("command "):
                self.commands[key.removeprefix("command ")] = row
            elif key == CLOCK_KEY:
                self.commands_ms = row["commands_ms"]
                self.executions_ms = row["executions_ms"]
        self._closed.load(
            (saga.closed_ms, key) for key, saga in self.sagas.items() if saga.closed_ms
        )
        self._old_commands.load((row["time_ms"], key) for key, row in self.commands.items())
        waiting = [saga for saga in self.sagas.values() if saga.is_awaited and saga.submitted_ms]
        self.submitted = _by_time(waiting)
        self.reserving_again = _by_time(
            [saga for saga in self.sagas.values() if saga.is_reserving_again]
        )

    def _load_saga(self, saga: Saga) -> None:
        self.sagas[saga.key] = saga
        if saga.state != "FAILED":
            self.names.add(saga)
        if saga.order_id:
            self.by_order[saga.account_id, saga.symbol, saga.order_id] = saga


def _by_time(sagas: Iterable[Saga]) -> deque[tuple[int, str]]:
    """When each was asked for, and its key."""
    return deque(sorted((saga.submitted_ms, saga.key) for saga in sagas))
