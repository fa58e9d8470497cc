"""A log in memory, as an honest matching stage would have written it; tests then falsify it."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from schemas.codec import DecodeError, EncodeError, decode, encoder
from schemas.instruments import Instrument, load_instruments
from schemas.partitioning import partition_of
from schemas.topics import (
    MATCHING_DEAD_LETTERS,
    ORDERBOOK_UPDATES,
    ORDERS_EXECUTIONS,
    ORDERS_INCOMING,
    TRADES,
    WALLET_COMMANDS,
)
from streams.agents.matching import refuse_order_command
from streams.domain.events import ReportEvent
from streams.domain.settlement import settlement
from tests.simulation.workload import REALISTIC, Profile, Workload
from tradeflow.checking.audit import LogAudit
from tradeflow.checking.findings import Findings
from tradeflow.checking.matching.rerun import CHANGELOG, PartitionRerun
from tradeflow.checking.rows import TableRows
from tradeflow.topic_reader import Partition, Record

RECORD_OF_KEY = ("SymbolRow", "OrderRow", "ClosedOrderRow")
"""By how many parts more than the symbol a row's key has."""

PARTITIONS = 4
COUNTS = {
    ORDERS_EXECUTIONS.name: PARTITIONS,
    TRADES.name: PARTITIONS,
    ORDERBOOK_UPDATES.name: PARTITIONS,
    WALLET_COMMANDS.name: PARTITIONS,
    MATCHING_DEAD_LETTERS.name: 1,
}
JUNK = b"no record at all"
_LOG_TIME_MS = 1 << 52  # behind the times of all commands

Falsify = Callable[[Record, dict[str, Any]], Iterable[tuple[str, dict[str, Any]] | None]]


class MadeLog:
    """Partitions of records, and the rows that the changelogs hold at their end."""

    def __init__(self) -> None:
        self.instruments: dict[str, Instrument] = load_instruments(None)
        self.records: defaultdict[Partition, list[Record]] = defaultdict(list)
        self._engines = {number: PartitionRerun(self.instruments) for number in range(PARTITIONS)}
        self._encoders = {
            name: encoder(name)
            for name in (
                "ExecutionReport",
                "Trade",
                "DepthUpdate",
                "WalletSettleFillCommand",
                "WalletReleaseFundsCommand",
            )
        }
        self._encode_letter = encoder("DeadLetter")

    # --- the stage ---------------------------------------------------------------------------

    def feed(self, commands: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Send commands, and let the stage answer each."""
        for kind, command in commands:
            try:
                value = encoder(kind)(command)
            except EncodeError:
                continue
            if kind == "Tick":
                for number in range(PARTITIONS):
                    self.send(Partition(ORDERS_INCOMING.name, number), None, value)
            else:
                key = command["symbol"].encode()
                number = partition_of(key, PARTITIONS)
                self.send(Partition(ORDERS_INCOMING.name, number), key, value)

    def send(self, partition: Partition, key: bytes | None, value: bytes) -> None:
        """Put a record into ``orders.incoming`` and what the stage makes of it where it belongs."""
        record = self._append(partition, key, value, ())
        headers = (("causation-id", record.position.encode()),)
        try:
            kind, command = decode(value)
            refusal = refuse_order_command(kind, command, key, record.timestamp_ms)
        except DecodeError as fault:
            refusal = (fault.reason, fault.detail)
        if refusal is not None:
            self._letter(record, refusal, headers)
            return
        made = self._engines[partition.number].apply(kind, command)
        for event in made.reports:
            self._settle(event, headers)
        outcome = made.as_records()
        for report in outcome.reports:
            self._emit(
                ORDERS_EXECUTIONS.name, report["account_id"], "ExecutionReport", report, headers
            )
        if kind == "Tick":
            self._append(Partition(TRADES.name, partition.number), None, value, headers)
        for trade in outcome.trades:
            self._emit(TRADES.name, trade["symbol"], "Trade", trade, headers)
        if outcome.depth is not None:
            depth = outcome.depth
            self._emit(ORDERBOOK_UPDATES.name, depth["symbol"], "DepthUpdate", depth, headers)

    def _settle(self, report: ReportEvent, headers: Any) -> None:
        told = settlement(self.instruments.get(report.symbol), report)
        if told is not None:
            self._emit(WALLET_COMMANDS.name, report.account_id, *told, headers)

    def tables(self) -> dict[int, dict[str, bytes]]:
        """The rows at the end, as changelogs hold them."""
        return {
            number: {
                key: encoder(RECORD_OF_KEY[(":" in key) + (" " in key)])(row)
                for key, row in engine.to_state().items()
            }
            for number, engine in self._engines.items()
        }

    def ends(self) -> dict[Partition, int]:
        """The offset behind the last command of each input partition."""
        inputs = [Partition(ORDERS_INCOMING.name, number) for number in range(PARTITIONS)]
        return {partition: len(self.records[partition]) for partition in inputs}

    # --- what is done to it ------------------------------------------------------------------

    def falsify(self, topic: str, change: Falsify) -> None:
        """Replace the records of a topic by what ``change`` gives; None stands for the record.

        It gives the records (name, value) that are to stand in one's place.
        """
        for partition in [each for each in self.records if each.topic == topic]:
            fresh: list[Record] = []
            for record in self.records[partition]:
                for new in change(record, decode(record.value or b"")[1]):
                    changed = (
                        record if new is None else record._replace(value=encoder(new[0])(new[1]))
                    )
                    fresh.append(changed._replace(offset=len(fresh)))
            self.records[partition] = fresh

    # --- checking ----------------------------------------------------------------------------

    def interleaved(self, seed: int, starts: Mapping[Partition, int] | None = None) -> list[Record]:
        """All records, each partition in order, the partitions mixed at random in short runs."""
        rng = random.Random(seed)
        left = {
            partition: records[(starts or {}).get(partition, 0) :]
            for partition, records in self.records.items()
        }
        mixed: list[Record] = []
        while any(left.values()):
            partition = rng.choice([each for each, records in left.items() if records])
            count = rng.randrange(1, 40)
            mixed += left[partition][:count]
            left[partition] = left[partition][count:]
        return mixed

    def audit(self, *, seed: int = 0, tables: Mapping[int, TableRows] | None = None) -> LogAudit:
        """The audit of the whole log."""
        audit = LogAudit(self.instruments, COUNTS, self.ends())
        for record in self.interleaved(seed):
            audit.take(record)
        audit.finish({CHANGELOG: self.tables() if tables is None else tables})
        return audit

    def _letter(self, record: Record, refusal: tuple[str, str], headers: Any) -> None:
        letter = {
            "stage": "matching",
            "topic": record.partition.topic,
            "partition": record.partition.number,
            "offset": record.offset,
            "reason": refusal[0],
            "detail": refusal[1],
            "key": record.key or b"",
            "value": record.value or b"",
            "time_ms": 0,
        }
        partition = Partition(MATCHING_DEAD_LETTERS.name, 0)
        self._append(partition, record.key, self._encode_letter(letter), headers)

    def _emit(self, topic: str, key: str, name: str, value: Any, headers: Any) -> None:
        partition = Partition(topic, partition_of(key.encode(), COUNTS[topic]))
        self._append(partition, key.encode(), self._encoders[name](value), headers)

    def _append(
        self, partition: Partition, key: bytes | None, value: bytes, headers: Any
    ) -> Record:
        records = self.records[partition]
        record = Record(partition, len(records), _LOG_TIME_MS, key, value, headers)
        records.append(record)
        return record


def workload(profile: Profile = REALISTIC, *, seed: int = 1) -> Workload:
    """Seeded commands on the default instruments."""
    return Workload(
        replace(
            profile,
            instruments=load_instruments(None),
            accounts=12,
            middle_ticks=1_000_000,
            largest_quantity=100_000,
            fewest_open=20,
        ),
        seed,
    )


def made_log(count: int = 400, profile: Profile = REALISTIC, *, seed: int = 1) -> MadeLog:
    """A log of so many commands, with a dead letter in it."""
    log = MadeLog()
    commands = workload(profile, seed=seed)
    log.feed(next(commands) for _ in range(count // 2))
    log.send(Partition(ORDERS_INCOMING.name, 1), b"BTCUSDT", JUNK)
    log.feed(next(commands) for _ in range(count - count // 2))
    return log


def violated(findings: Iterable[Findings]) -> set[str]:
    """The names of the invariants that do not hold."""
    return {each.invariant for each in findings if not each.holds}
