"""The three stages in memory, over a log that tests then falsify.

Stages take one record at a time, whose turn it is being drawn: so the log has everything under way
that a running exchange has.  ``tamper`` sits where a stage writes: what it changes is then what the
others go on from, as with a stage that has a bug.  Offsets have gaps, as transactions leave them:
a falsified record may stand in one.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from schemas.codec import decode, encoder
from schemas.instruments import Instrument, assets_of, load_instruments
from schemas.partitioning import partition_of
from schemas.topics import (
    ACCOUNTS_DEAD_LETTERS,
    ACCOUNTS_WALLET,
    MATCHING_BOOK,
    MATCHING_DEAD_LETTERS,
    ORDERBOOK_UPDATES,
    ORDERS_COMMANDS,
    ORDERS_DEAD_LETTERS,
    ORDERS_EXECUTIONS,
    ORDERS_INCOMING,
    ORDERS_ORDERS,
    TRADES,
    WALLET_COMMANDS,
    WALLET_EVENTS,
)
from streams.agents.accounts import refuse_wallet_command
from streams.agents.orders import refuse_client_command
from streams.app import ACCOUNTS, MATCHING, ORDERS
from streams.domain.orders import Orders
from streams.domain.settlement import settlement
from streams.domain.wallet import Wallet
from tests.chaos.exchange import INSTRUMENTS
from tests.chaos.paid_flow import PaidFlow
from tradeflow.checking.audit import LogAudit
from tradeflow.checking.cut import INPUTS
from tradeflow.checking.matching.rerun import PartitionRerun
from tradeflow.topic_reader import Partition, Record

PARTITIONS = 2
ACCOUNT_IDS = tuple(f"trader-{number}" for number in range(6))
COUNTS = {
    **dict.fromkeys(
        (
            ORDERS_COMMANDS.name,
            ORDERS_INCOMING.name,
            ORDERS_EXECUTIONS.name,
            TRADES.name,
            ORDERBOOK_UPDATES.name,
            WALLET_COMMANDS.name,
            WALLET_EVENTS.name,
        ),
        PARTITIONS,
    ),
    MATCHING_DEAD_LETTERS.name: 1,
    ACCOUNTS_DEAD_LETTERS.name: 1,
    ORDERS_DEAD_LETTERS.name: 1,
}
GAP = 4
"""From one record's offset to the next one's."""

START_MS = 1_760_000_040_000

Written = tuple[str, str, dict[str, Any]]
"""Topic, name and record."""

Tamper = Callable[[str, str, dict[str, Any]], Iterable[Written]]
"""What is written in a record's place."""


def as_it_is(topic: str, name: str, value: dict[str, Any]) -> Iterable[Written]:
    """No tampering."""
    return [(topic, name, value)]


class MadeExchange:
    """Partitions of records, the stages' state, and how far each has come."""

    def __init__(self, *, seed: int = 1, tamper: Tamper = as_it_is) -> None:
        self.instruments: dict[str, Instrument] = load_instruments(INSTRUMENTS)
        self.records: defaultdict[Partition, list[Record]] = defaultdict(list)
        self.tamper = tamper
        self.now_ms = START_MS
        self._rng = random.Random(seed)
        self._flow = PaidFlow(self.instruments, ACCOUNT_IDS, seed=seed)
        self._orders = [Orders(self.instruments) for _ in range(PARTITIONS)]
        self._wallets = [Wallet(assets_of(self.instruments)) for _ in range(PARTITIONS)]
        self._engines = [PartitionRerun(self.instruments) for _ in range(PARTITIONS)]
        self._done: dict[Partition, int] = {
            Partition(topic, number): 0
            for topics in INPUTS.values()
            for topic in topics
            for number in range(PARTITIONS)
        }
        self._positions = dict(self._done)
        self.read_to: dict[Partition, int] = {}
        """How far the last audit read."""
        self.stopped: set[str] = set()
        """Topics that are not read: their stage is away."""

    # --- what clients do -------------------------------------------------------------------------

    def fund(self, units: int) -> None:
        """Open the accounts and give each so much of every asset."""
        for account_id in ACCOUNT_IDS:
            about = {"account_id": account_id, "time_ms": self.now_ms}
            opening = {**about, "command_id": "open"}
            self.write(WALLET_COMMANDS.name, "WalletOpenAccountCommand", opening)
            for asset in sorted(assets_of(self.instruments)):
                money = {"command_id": f"fund-{asset}", "asset": asset, "amount_units": units}
                self.write(WALLET_COMMANDS.name, "WalletDepositCommand", {**about, **money})

    def feed(self, count: int, *, steps: int = 6) -> None:
        """Commands of clients, with some work of the stages and some ticks between them."""
        for _ in range(count):
            self.send(*self.next_command())
            self.run(self._rng.randrange(2 * steps))
            if self._rng.random() < 0.1:
                self.tick()

    def next_command(self) -> tuple[str, dict[str, Any]]:
        """What a client would send next."""
        return self._flow.next_command(self.now_ms)

    def send(self, name: str, command: dict[str, Any]) -> None:
        """One command of a client."""
        self.write(ORDERS_COMMANDS.name, name, command)

    def tick(self) -> None:
        """A tick to each partition that gets them."""
        for topic in (ORDERS_COMMANDS.name, ORDERS_EXECUTIONS.name):
            for number in range(PARTITIONS):
                self.put(Partition(topic, number), None, "Tick", {"time_ms": self.now_ms})

    # --- the stages ------------------------------------------------------------------------------

    def run(self, steps: int | None = None) -> None:
        """So many steps of stages, drawn one by one; None: until nothing is left to do."""
        while steps is None or steps > 0:
            ready = [
                each
                for each, done in self._done.items()
                if done < len(self.records[each]) and each.topic not in self.stopped
            ]
            if not ready:
                return
            self._step(self._rng.choice(ready))
            steps = None if steps is None else steps - 1

    def _step(self, partition: Partition) -> None:
        record = self.records[partition][self._done[partition]]
        self._done[partition] += 1
        self._positions[partition] = record.offset + 1
        name, value = decode(record.value or b"")
        if partition.topic == ORDERS_INCOMING.name:
            self._match(record, name, value)
        elif partition.topic == WALLET_COMMANDS.name:
            self._move_money(record, name, value)
        else:
            self._order(record, name, value)

    def _match(self, record: Record, name: str, command: Any) -> None:
        outcome = self._engines[record.partition.number].apply(name, command)
        if name == "Tick":
            self.put(Partition(TRADES.name, record.partition.number), None, name, command, record)
        for report in outcome.reports:
            self.write(ORDERS_EXECUTIONS.name, "ExecutionReport", report.as_record(), record)
            told = settlement(self.instruments.get(report.symbol), report)
            if told is not None:
                self.write(WALLET_COMMANDS.name, *told, record)
        for trade in outcome.trades:
            self.write(TRADES.name, "Trade", trade.as_record(), record)
        if outcome.depth is not None:
            self.write(ORDERBOOK_UPDATES.name, "DepthUpdate", outcome.depth.as_record(), record)

    def _move_money(self, record: Record, name: str, command: Any) -> None:
        refusal = refuse_wallet_command(name, command, record.key, record.timestamp_ms)
        assert refusal is None, refusal
        event = self._wallets[record.partition.number].apply(name, command)
        if event is not None:
            self.write(WALLET_EVENTS.name, *event, record)
        else:
            beside = Partition(WALLET_EVENTS.name, record.partition.number)
            self.put(beside, None, name, command, record)

    def _order(self, record: Record, name: str, value: Any) -> None:
        orders, topic = self._orders[record.partition.number], record.partition.topic
        data = record.value or b""
        if topic == ORDERS_COMMANDS.name:
            refusal = refuse_client_command(name, value, record.key, record.timestamp_ms)
            if refusal is not None:
                self._letter(record, refusal)
                return
            is_tick = name == "Tick"
            logged_ms = record.timestamp_ms
            sent = (
                orders.tick(logged_ms) if is_tick else orders.command(name, value, data, logged_ms)
            )
        elif topic == WALLET_EVENTS.name:
            is_one = name in ("FundsReservedEvent", "FundsReservationFailedEvent")
            sent = orders.reservation(name, value) if is_one else []
        elif name == "Tick":
            sent = orders.executions_tick(record.timestamp_ms)
        else:
            sent = orders.report(value, data)
        topics = {
            "wallet": WALLET_COMMANDS.name,
            "matching": ORDERS_INCOMING.name,
            "executions": ORDERS_EXECUTIONS.name,
        }
        for each in sent:
            if each.name == "Tick":
                beside = Partition(topics[each.to], record.partition.number)
                self.put(beside, None, each.name, dict(each.record), record)
            else:
                self.write(topics[each.to], each.name, dict(each.record), record)

    def _letter(self, record: Record, refusal: tuple[str, str]) -> None:
        letter = {
            "stage": ORDERS,
            "topic": record.partition.topic,
            "partition": record.partition.number,
            "offset": record.offset,
            "reason": refusal[0],
            "detail": refusal[1],
            "key": record.key or b"",
            "value": record.value or b"",
            "time_ms": 0,
        }
        self.put(Partition(ORDERS_DEAD_LETTERS.name, 0), record.key, "DeadLetter", letter, record)

    # --- the log ---------------------------------------------------------------------------------

    def write(self, topic: str, name: str, value: Any, cause: Record | None = None) -> None:
        """Write a record where its key belongs, as the one who tampers lets it."""
        for to, kind, record in self.tamper(topic, name, dict(value)):
            by_symbol = to in (ORDERS_INCOMING.name, TRADES.name, ORDERBOOK_UPDATES.name)
            key = record["symbol" if by_symbol else "account_id"].encode()
            partition = Partition(to, partition_of(key, PARTITIONS))
            self.put(partition, key, kind, record, cause)

    def put(
        self,
        partition: Partition,
        key: bytes | None,
        name: str,
        value: Any,
        cause: Record | None = None,
    ) -> None:
        """Append a record."""
        self.now_ms += 1
        headers = () if cause is None else (("causation-id", cause.position.encode()),)
        records = self.records[partition]
        offset = records[-1].offset + GAP if records else 0
        data = encoder(name)(value)
        records.append(Record(partition, offset, self.now_ms, key, data, headers))

    def find(self, topic: str, name: str, nth: int = 1, **wanted: Any) -> tuple[Record, Any]:
        """The nth record of a topic that has these fields."""
        for partition, records in sorted(self.records.items()):
            for record in records if partition.topic == topic else ():
                kind, value = decode(record.value or b"")
                if kind == name and all(value[field] == wish for field, wish in wanted.items()):
                    nth -= 1
                    if not nth:
                        return record, value
        raise LookupError(f"no such {name} on {topic}")

    def replace(self, record: Record, *instead: tuple[str, Any]) -> None:
        """Put other records (name, value) in one's place, with its key and its cause."""
        records = self.records[record.partition]
        at = records.index(record)
        records[at : at + 1] = [
            record._replace(offset=record.offset + number, value=encoder(name)(value))
            for number, (name, value) in enumerate(instead)
        ]

    # --- checking --------------------------------------------------------------------------------

    def positions(self, stage: str) -> dict[Partition, int]:
        """Where a stage stands in its inputs."""
        return {tp: at for tp, at in self._positions.items() if tp.topic in INPUTS[stage]}

    def table(self, stage: str) -> dict[int, dict[str, bytes]]:
        """A stage's rows by partition, as changelogs hold them."""
        if stage == MATCHING:
            tables: list[Mapping[str, Any]] = [engine.to_state() for engine in self._engines]
        elif stage == ACCOUNTS:
            tables = [wallet.state.rows() for wallet in self._wallets]
        else:
            tables = [orders.state.rows() for orders in self._orders]
        return {
            number: {key: encoder(_row_name(stage, key, row))(row) for key, row in rows.items()}
            for number, rows in enumerate(tables)
        }

    def cut(self, between: int = 0) -> tuple[dict[Partition, int], dict[str, Any]]:
        """Positions and tables, stage after stage, with so many steps of work between them."""
        positions: dict[Partition, int] = {}
        tables: dict[str, Any] = {}
        changelogs = (ORDERS_ORDERS.name, MATCHING_BOOK.name, ACCOUNTS_WALLET.name)
        for stage, changelog in zip((ORDERS, MATCHING, ACCOUNTS), changelogs, strict=True):
            positions |= self.positions(stage)
            tables[changelog] = self.table(stage)
            self.run(between)
        return positions, tables

    def audit(
        self,
        *,
        seed: int = 0,
        between: int = 0,
        before: tuple[dict[Partition, int], Any] | None = None,
        change_tables: Callable[[dict[str, Any]], None] = lambda tables: None,
    ) -> LogAudit:
        """The audit up to where the stages stand; ``before`` is what an earlier one left.

        With steps ``between`` the cuts there are as many between the questions where topics end.
        """
        cut, tables = self.cut(between)
        change_tables(tables)
        audit = LogAudit(self.instruments, COUNTS, cut)
        starts: dict[Partition, int] = {}
        if before is not None:
            starts, state = before
            audit.load(state)
            starts = {tp: min(at, cut.get(tp, at)) for tp, at in starts.items()}
        self._look_for_ends(between)
        for record in self._interleaved(seed, starts):
            audit.take(record)
        audit.finish(tables)
        return audit

    def _look_for_ends(self, between: int) -> None:
        """Topic by topic, in any order, as it happens that a broker is asked."""
        self.read_to = {}
        for topic in self._rng.sample(sorted(COUNTS), len(COUNTS)):
            for partition, records in self.records.items():
                if records and partition.topic == topic:
                    self.read_to[partition] = records[-1].offset + 1
            self.run(self._rng.randrange(between + 1))

    def _interleaved(self, seed: int, starts: Mapping[Partition, int]) -> Iterable[Record]:
        rng = random.Random(seed)
        left = {
            tp: [r for r in records if starts.get(tp, 0) <= r.offset < self.read_to[tp]]
            for tp, records in self.records.items()
            if tp in self.read_to
        }
        while any(left.values()):
            partition = rng.choice([each for each, records in left.items() if records])
            count = rng.randrange(1, 60)
            yield from left[partition][:count]
            left[partition] = left[partition][count:]


def _row_name(stage: str, key: str, row: Mapping[str, Any]) -> str:
    if stage == MATCHING:
        return ("SymbolRow", "OrderRow", "ClosedOrderRow")[(":" in key) + (" " in key)]
    kind = key.partition(" ")[0]
    if stage == ORDERS:
        return {"saga": "OrderSagaRow", "command": "OrderCommandRow"}.get(kind, "OrderClockRow")
    names = {"account": "Account", "balance": "Balance", "hold": "Hold", "command": "Command"}
    return f"Wallet{names.get(kind, 'Partition')}Row"


def made_exchange(
    count: int = 250, *, seed: int = 1, units: int = 6_000_000, tamper: Tamper = as_it_is
) -> MadeExchange:
    """An exchange at rest after so many commands."""
    exchange = MadeExchange(seed=seed, tamper=tamper)
    exchange.fund(units)
    exchange.run()
    exchange.feed(count)
    exchange.tick()
    exchange.run()
    return exchange
