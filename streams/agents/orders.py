"""The orders stage: placements join their reservations, and what is paid for goes to matching."""

from collections.abc import AsyncIterable, Iterable, Mapping
from typing import Any

from schemas.codec import DecodeError, decode, encoder
from schemas.instruments import Instrument
from schemas.topics import (
    COMMANDS,
    ORDERS_COMMANDS,
    ORDERS_COMMANDS_VALUES,
    ORDERS_EXECUTIONS,
    ORDERS_INCOMING,
    WALLET_COMMANDS,
    WALLET_EVENTS,
)
from streams.agents.order_inputs import RESERVATION, ClientCommands, id_fault, placements
from streams.agents.refusing import refuse
from streams.domain.order_answers import Sent
from streams.domain.orders import Orders
from streams.domain.window_join import Joined
from streams.joins import JoinedBatch, Passed, join_table
from streams.tables import orders_table, store_rows
from streams.transport import App, Batch, Table
from streams.transport.records import timestamp_of

GRACE_SECONDS = 5.0
"""How much longer than its time-out a placement waits for its reservation, by the echo's clock."""

_KINDS = frozenset(ORDERS_COMMANDS_VALUES)
_SENT = (
    *COMMANDS,
    "WalletReserveFundsCommand",
    "WalletReleaseFundsCommand",
    "ExecutionReport",
)


class OrdersStage:
    """What the agents do with a batch; knows nothing of Faust."""

    def __init__(
        self, instruments: Mapping[str, Instrument], table: Table, *, timeout_ms: int
    ) -> None:
        self._instruments = instruments
        self._table = table
        self._timeout_ms = timeout_ms
        self.client_commands = ClientCommands()
        self._encoders = {name: encoder(name) for name in _SENT}

    def take_commands(self, batch: Batch) -> None:
        """Look at a batch of ``orders.commands``: refuse, begin sagas, send on."""
        orders = self.orders(batch.partition)
        for record in batch:
            data = record.value() or b""
            try:
                name, command = self.client_commands.decode(data)
            except DecodeError as fault:
                batch.dead_letter(fault.reason, fault.detail)
                continue
            logged_ms = timestamp_of(record)
            refusal = refuse_client_command(name, command, record.key(), logged_ms)
            if refusal is not None:
                batch.dead_letter(*refusal)
            elif name == "Tick":
                self._send(batch, orders.tick(logged_ms))
            else:
                self._send(batch, orders.command(name, command, data, logged_ms))
        self._store(batch.partition)

    def take_reservations(self, batch: JoinedBatch) -> None:
        """Go on with placements whose reservations came, or came not."""
        orders = self.orders(batch.partition)
        for item in batch:
            if not isinstance(item, Passed):
                self._send(batch, _after(orders, item))
            elif item.field is RESERVATION and item.value[0] == "Tick":
                self._send(batch, orders.wallet_tick(item.value[1]["time_ms"]))
        self._store(batch.partition)

    def take_executions(self, batch: Batch) -> None:
        """Follow what matching reports of the accounts' orders."""
        orders = self.orders(batch.partition)
        for record in batch:
            data = record.value() or b""
            try:
                name, report = decode(data)
            except DecodeError as fault:
                batch.dead_letter(fault.reason, fault.detail)
                continue
            if name == "ExecutionReport":
                self._send(batch, orders.report(report, data))  # type: ignore[arg-type]
            elif name == "Tick":
                # The log's own time, as for the commands: no clock that is fast moves it.
                self._send(batch, orders.executions_tick(timestamp_of(record)))
            else:
                batch.dead_letter("UNEXPECTED_RECORD", f"{name} is no execution report")
        self._store(batch.partition)

    def orders(self, partition: int) -> Orders:
        """The orders of an owned partition, rebuilt from its rows after a restore."""
        rows = self._table.rows(partition)
        if rows.index is None:
            rows.index = Orders.restore(self._instruments, rows, timeout_ms=self._timeout_ms)
        orders: Orders = rows.index
        return orders

    def _store(self, partition: int) -> None:
        store_rows(self._table.rows(partition), self.orders(partition).take_changes())

    def _send(self, batch: Batch | JoinedBatch, sent: Iterable[Sent]) -> None:
        for to, name, record in sent:
            value = self._encoders.get(name, _encode_tick)(record)
            if name == "Tick":
                batch.emit_beside(WALLET_COMMANDS.name, value)
            elif to == "wallet":
                batch.emit(WALLET_COMMANDS.name, record["account_id"], value)
            elif to == "matching":
                batch.emit(ORDERS_INCOMING.name, record["symbol"], value)
            else:
                batch.emit(ORDERS_EXECUTIONS.name, record["account_id"], value)


_encode_tick = encoder("Tick")


def refuse_client_command(
    name: str, command: Mapping[str, Any], key: bytes | None, timestamp_ms: int
) -> tuple[str, str] | None:
    """Why a decoded record is no client's command (reason, detail); None if it is one."""
    refusal = refuse(name, command, key, timestamp_ms, kinds=_KINDS, keyed_by="account_id")
    if refusal is not None or name == "Tick":
        return refusal
    fault = id_fault(command)
    return None if fault is None else ("IMPOSSIBLE_VALUE", f"{name}.command_id: {fault}")


def _after(orders: Orders, item: Joined) -> list[Sent]:
    """What follows for a placement from what the join says of it."""
    if item.right is None:
        _, command = item.left
        return orders.no_reservation(command["account_id"], command["command_id"], item.time_ms)
    return orders.reservation(*item.right)


def declare_orders(
    app: App, instruments: Mapping[str, Instrument], *, timeout_ms: int
) -> OrdersStage:
    """Add the orders agents and their tables to ``app``, whose streams can be joined."""
    stage = OrdersStage(instruments, orders_table(app), timeout_ms=timeout_ms)
    commands = app.topic(ORDERS_COMMANDS.name)
    asked = app.topic(ORDERS_COMMANDS.name).stream()
    reservations = app.topic(WALLET_EVENTS.name).stream()
    paid = (asked & reservations).outer_join(
        placements(stage.client_commands),
        RESERVATION,
        within=(0.0, timeout_ms / 1_000),
        grace=GRACE_SECONDS,
        table=join_table(app, "placements"),
    )

    @app.agent(commands, name="commands")
    async def take_commands(batches: AsyncIterable[Batch]) -> None:
        async for batch in batches:
            stage.take_commands(batch)

    @app.agent(paid, name="reservations")
    async def take_reservations(batches: AsyncIterable[JoinedBatch]) -> None:
        async for batch in batches:
            stage.take_reservations(batch)

    @app.agent(app.topic(ORDERS_EXECUTIONS.name), name="executions")
    async def take_executions(batches: AsyncIterable[Batch]) -> None:
        async for batch in batches:
            stage.take_executions(batch)

    return stage
