"""The accounts stage, the only writer of money: commands on wallets in, events out."""

from collections.abc import AsyncIterable, Iterable, Mapping
from typing import Any

from schemas.codec import DecodeError, decode, encoder
from schemas.instruments import Instrument, assets_of
from schemas.topics import (
    WALLET_COMMANDS,
    WALLET_COMMANDS_VALUES,
    WALLET_EVENTS,
    WALLET_EVENTS_VALUES,
)
from streams.agents.refusing import refuse
from streams.domain.wallet import Wallet
from streams.tables import store_rows, wallet_table
from streams.transport import App, Batch, Table
from streams.transport.records import timestamp_of

_COMMANDS = frozenset(WALLET_COMMANDS_VALUES)
_EVENTS = WALLET_EVENTS.name


class AccountsStage:
    """What the agent does with a batch; knows nothing of Faust."""

    def __init__(self, assets: Iterable[str], table: Table) -> None:
        self._assets = frozenset(assets)
        self._table = table
        self._encoders = {name: encoder(name) for name in WALLET_EVENTS_VALUES}

    def process(self, batch: Batch) -> None:
        """Carry out a batch of ``wallet.commands``, in order."""
        wallet = self.wallet(batch.partition)
        apply, emit, encoders = wallet.apply, batch.emit, self._encoders
        for record in batch:
            value = record.value() or b""
            try:
                kind, command = decode(value)
            except DecodeError as fault:
                batch.dead_letter(fault.reason, fault.detail)
                continue
            refusal = refuse_wallet_command(kind, command, record.key(), timestamp_of(record))
            if refusal is not None:
                batch.dead_letter(*refusal)
                continue
            event = apply(kind, command)
            if event is not None:
                name, body = event
                emit(_EVENTS, body["account_id"], encoders[name](body))
            else:
                # A tick: whoever reads it knows that all before it is answered.
                batch.emit_beside(_EVENTS, value)
        store_rows(self._table.rows(batch.partition), wallet.take_changes())

    def wallet(self, partition: int) -> Wallet:
        """The wallet of an owned partition, rebuilt from its rows after a restore."""
        rows = self._table.rows(partition)
        if rows.index is None:
            rows.index = Wallet.restore(self._assets, rows)
        wallet: Wallet = rows.index
        return wallet


def refuse_wallet_command(
    kind: str, command: Mapping[str, Any], key: bytes | None, timestamp_ms: int
) -> tuple[str, str] | None:
    """Why a decoded record is no command for accounts (reason, detail); None if it is one."""
    return refuse(kind, command, key, timestamp_ms, kinds=_COMMANDS, keyed_by="account_id")


def declare_accounts(app: App, instruments: Mapping[str, Instrument]) -> AccountsStage:
    """Add the accounts agent and its table to ``app``."""
    stage = AccountsStage(assets_of(instruments), wallet_table(app))

    @app.agent(app.topic(WALLET_COMMANDS.name), name="accounts")
    async def accounts(batches: AsyncIterable[Batch]) -> None:
        async for batch in batches:
            stage.process(batch)

    return stage
