"""Holds the audit trail against the log.

A document is written before its position and never changed: no moment need be held still.  What
is before the positions must be there, whole; what is behind them may be on its way.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing
from typing import Any

from schemas.topics import (
    AUDIT,
    ORDERS_COMMANDS,
    ORDERS_EXECUTIONS,
    ORDERS_INCOMING,
    ORDERS_ORDERS,
    TRADES,
    WALLET_COMMANDS,
    WALLET_EVENTS,
)
from schemas.topics import TOPICS as CATALOGUE
from tradeflow.checking.entry import Entry, read_entry
from tradeflow.checking.stores.comparison import canonical
from tradeflow.checking.stores.mongodb.expected_document import (
    Document,
    expected_document,
    is_audited,
    plain_document,
)
from tradeflow.checking.stores.mongodb.trail_ids import kind_of
from tradeflow.checking.stores.positions import later_positions, positions_of_this_log
from tradeflow.checking.stores.store_log import StoreLog
from tradeflow.checking.stores.store_report import Progress, StoreReport, StoreUnreachableError
from tradeflow.topic_reader import Partition

TOPICS = (
    ORDERS_COMMANDS.name,
    ORDERS_INCOMING.name,
    ORDERS_EXECUTIONS.name,
    WALLET_COMMANDS.name,
    WALLET_EVENTS.name,
    TRADES.name,
    AUDIT.name,
    ORDERS_ORDERS.name,
    *(topic.name for topic in CATALOGUE if topic.values == ("DeadLetter",)),
)
AUDIT_LOGS = "audit_logs"

_PAGE = 1_000
"""Records, and offsets, that are asked for at once."""

Positions = dict[Partition, int]


class MongodbCheck:
    """One database; see ``StoreCheck``."""

    name = "mongodb"

    def __init__(
        self,
        address: str,
        connect: Callable[[], tuple[Any, Any]],
        errors: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """``connect`` gives a client and its database."""
        self.address = address
        self._connect = connect
        self._errors = errors

    def probe(self) -> None:
        """See ``StoreCheck``."""
        with ExitStack() as stack:
            stack.enter_context(self._errors())
            client, database = self._connect()
            stack.enter_context(closing(client))
            if not _positions(database):
                raise StoreUnreachableError(
                    f"MongoDB at {self.address} has nothing of the log: feed it with"
                    " tradeflow connect mongodb"
                )

    def run(self, bootstrap: str, progress: Progress) -> StoreReport:
        """See ``StoreCheck``."""
        with ExitStack() as stack:
            stack.enter_context(self._errors())
            client, database = self._connect()
            stack.enter_context(closing(client))
            log = stack.enter_context(closing(StoreLog(bootstrap, TOPICS)))
            report = StoreReport(self.name, self.address)
            positions = positions_of_this_log(_positions(database), log, report)
            if positions is None:
                return report
            report.positions = {str(each): at for each, at in sorted(positions.items())}
            _Look(database, log, positions, report, progress).run()
            later_positions(positions, _positions(database))
            report.behind = sum(not record.is_tick for record in log.rest())
            return report


def _positions(database: Any) -> Positions:
    found = {}
    for each in database["positions"].find():
        topic, _, number = str(each["_id"]).rpartition("/")
        if topic and number.isdigit():
            found[Partition(topic, int(number))] = int(each["offset"])
    return found


class _Look:
    """One look at the trail."""

    def __init__(
        self,
        database: Any,
        log: StoreLog,
        positions: Positions,
        report: StoreReport,
        progress: Progress,
    ) -> None:
        self._trail = database[AUDIT_LOGS]
        self._log = log
        self._positions = positions
        self._table = report.table(AUDIT_LOGS)
        self._progress = progress
        self._looked_to: Positions = {}
        self._rows_seen = 0
        """Documents of the orders stage's rows that the log still has."""

    def run(self) -> None:
        """Record after record, and then whether there are documents of no record."""
        read: defaultdict[Partition, list[Entry]] = defaultdict(list)
        for record in self._log.read_to(self._positions, self._show):
            if record.is_tick:
                continue
            entries = read[record.partition]
            entries.append(read_entry(record))
            if len(entries) >= _PAGE:
                self._compare(record.partition, read.pop(record.partition), record.offset + 1)
        for partition, end in self._positions.items():
            self._compare(partition, read.pop(partition, []), end)
        self._find_strangers()

    def _compare(self, partition: Partition, entries: list[Entry], end: int) -> None:
        """Hold the partition's documents up to an offset against its records."""
        audited = {each.position: each for each in entries if is_audited(each)}
        begin, self._looked_to[partition] = self._looked_to.get(partition, 0), end
        if partition.topic == ORDERS_ORDERS.name:
            # The log has forgotten most of these rows, the trail has not.
            wanted = [each.position for each in entries]
        else:
            wanted = [f"{partition}/{offset}" for offset in range(begin, end)]
        for document in self._documents(wanted):
            found, key = plain_document(document), document["_id"]
            self._table.has(key, found)
            self._rows_seen += partition.topic == ORDERS_ORDERS.name
            entry = audited.pop(key, None)
            if entry is None:
                self._table.extra(key, found)
                continue
            expected = expected_document(entry)
            if canonical(found) != canonical(expected):
                self._table.wrong(key, *_differing(expected, found))
        for key, entry in audited.items():
            self._table.missing(key, expected_document(entry))

    def _documents(self, ids: list[str]) -> Iterator[Document]:
        for start in range(0, len(ids), _PAGE):
            yield from self._trail.find({"_id": {"$in": ids[start : start + _PAGE]}})

    def _find_strangers(self) -> None:
        """Ids that are no place of the log; and documents of rows that it has forgotten."""
        known, rows = set(self._log.partitions), 0
        total = self._trail.estimated_document_count()
        for number, document in enumerate(self._trail.find({}, {"_id": 1}), start=1):
            key = document["_id"]
            kind = kind_of(key, known, self._positions)
            if kind == "stranger":
                self._table.has(str(key), None)
                self._table.extra(str(key), {})
            rows += kind == "behind" and key.startswith(f"{ORDERS_ORDERS.name}/")
            if number % _PAGE == 0:
                self._progress("mongodb: looking at ids", number, max(number, total))
        self._table.unjudged += max(0, rows - self._rows_seen)

    def _show(self, done: int, total: int) -> None:
        self._progress("mongodb: comparing", done, total)


def _differing(expected: Document, found: Document) -> tuple[Document, Document]:
    """The fields that differ, with those within them beside each other."""
    one, other = _flat(expected), _flat(found)
    names = [
        name for name in {**one, **other} if canonical(one.get(name)) != canonical(other.get(name))
    ]
    return {n: one.get(n) for n in names}, {n: other.get(n) for n in names}


def _flat(document: Mapping[str, Any], before: str = "") -> Document:
    flat: Document = {}
    for name, value in document.items():
        if isinstance(value, dict) and value:
            flat |= _flat(value, f"{before}{name}.")
        else:
            flat[before + name] = value
    return flat
