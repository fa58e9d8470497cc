"""All invariants over one stretch of the log, record by record."""

from collections.abc import Mapping
from typing import Any

from schemas.instruments import Instrument
from schemas.topics import (
    ACCOUNTS_DEAD_LETTERS,
    ORDERS_COMMANDS,
    ORDERS_DEAD_LETTERS,
    ORDERS_ORDERS,
    WALLET_COMMANDS,
    WALLET_EVENTS,
)
from streams.domain.order import Order
from streams.domain.orders import TIMEOUT_MS
from tradeflow.checking.accounts.accounts_audit import CHANGELOG as WALLETS
from tradeflow.checking.accounts.accounts_audit import AccountsAudit
from tradeflow.checking.entry import read_entry
from tradeflow.checking.findings import Findings, Promises
from tradeflow.checking.holds import Holds
from tradeflow.checking.matching.matching_audit import MatchingAudit
from tradeflow.checking.matching.rerun import CHANGELOG as BOOKS
from tradeflow.checking.orders.orders_audit import OrdersAudit
from tradeflow.checking.rows import TableRows
from tradeflow.checking.transit import Transit
from tradeflow.topic_reader import Partition, Record

Cut = Mapping[Partition, int]
"""Of each stage's input partitions: the first offset that is not looked at."""

Tables = Mapping[str, Mapping[int, TableRows]]
"""By changelog and partition, the rows at the cut, where they could be had."""

OPEN_MAX = 20_000
"""Commands, or outputs of one partition, that may wait for their counterparts."""

_ACCOUNTS = (WALLET_COMMANDS.name, WALLET_EVENTS.name, ACCOUNTS_DEAD_LETTERS.name)
_ORDERS = (*_ACCOUNTS, ORDERS_COMMANDS.name, ORDERS_DEAD_LETTERS.name)


class LogAudit:
    """Takes the records of all topics, each partition in order, and decodes each once.

    The stages whose topics are not among the counted ones are not looked at.
    """

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        partition_counts: Mapping[str, int],
        cut: Cut,
        *,
        timeout_ms: int = TIMEOUT_MS,
    ) -> None:
        """``timeout_ms`` is how long a step of a saga may take."""
        self.found = Promises()
        has_accounts = all(topic in partition_counts for topic in _ACCOUNTS)
        has_orders = all(topic in partition_counts for topic in _ORDERS)
        self.transit = Transit(self.found.money, instruments, cut)
        self.matching = MatchingAudit(
            self.found, instruments, partition_counts, cut, also=self.transit.complete
        )
        self.accounts = (
            AccountsAudit(self.found, instruments, partition_counts, cut) if has_accounts else None
        )
        self.holds = Holds(self.found.holds, instruments, cut)
        self.orders = (
            OrdersAudit(self.found, instruments, cut, timeout_ms=timeout_ms) if has_orders else None
        )
        if self.accounts is None:
            self.found.money.why_not = self.found.holds.why_not = "there are no wallets here"
        if self.orders is None:
            self.found.accepted.why_not = "no orders stage is here"

    @property
    def findings(self) -> list[Findings]:
        """What was found, by invariant."""
        return self.found.all

    def take(self, record: Record) -> None:
        """The next record of any of the partitions."""
        entry = read_entry(record)
        self.matching.take(entry)
        if self.accounts is not None:
            self.accounts.take(entry)
            self.holds.take(entry)
            self.transit.take(entry)
        if self.orders is not None:
            self.orders.take(entry)

    def finish(self, tables: Tables) -> None:
        """All was read: judge what is incomplete, and the tables of the partitions given."""
        self.matching.finish(tables.get(BOOKS, {}))
        if self.accounts is not None:
            self.accounts.finish(tables.get(WALLETS, {}))
            orders: list[Order] = list(self.matching.rerun.open_orders())
            self.holds.finish(orders, self.accounts.wallets)
            self.transit.finish(self.accounts.money.clearing)
        if self.orders is not None:
            self.orders.finish(tables.get(ORDERS_ORDERS.name, {}))

    def far_ahead(self) -> set[Partition | str]:
        """Partitions, and topics, of which too much waits for what others have."""
        stages = [self.matching] if self.accounts is None else [self.matching, self.accounts]
        ahead: set[Partition | str] = set()
        for stage in stages:
            early = stage.pairing.early_outputs()
            ahead |= {partition for partition, count in early.items() if count > OPEN_MAX}
            if stage.pairing.open_commands > OPEN_MAX:
                ahead.add(stage.input)
        if self.orders is not None:
            ahead |= {topic for topic, count in self.orders.early().items() if count > OPEN_MAX}
        return ahead

    def state_hashes(self) -> dict[str, str]:
        """Digests of what was computed: of each symbol and of each partition's wallets."""
        wallets = {} if self.accounts is None else self.accounts.state_hashes()
        return self.matching.rerun.state_hashes() | wallets

    # --- going on later --------------------------------------------------------------------------

    def resume(self, read_to: Mapping[Partition, int]) -> dict[Partition, int]:
        """Where the next check begins to read each partition, when this one has read so far."""
        starts = self.matching.resume(read_to)
        others = [] if self.accounts is None else [self.accounts.resume(read_to)]
        others += [] if self.orders is None else [self.orders.resume()]
        for other in others:
            for partition, offset in other.items():
                starts[partition] = min(offset, starts.get(partition, offset))
        return starts

    def to_state(self, read_to: Mapping[Partition, int]) -> dict[str, Any]:
        """All that a later check needs to go on from here."""
        state: dict[str, Any] = {
            "matching": self.matching.to_state(),
            "matching_place": self.matching.place(read_to),
            "transit": self.transit.to_state(),
        }
        if self.accounts is not None:
            state["accounts"] = self.accounts.to_state()
            state["accounts_place"] = self.accounts.place(read_to)
            state["holds"] = self.holds.to_state(self.accounts.wallets)
        if self.orders is not None:
            state["orders"] = self.orders.to_state()
        return state

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from an earlier check of the same topics."""
        self.matching.load(state["matching"])
        self.matching.begin(state["matching_place"])
        self.transit.load(state["transit"])
        if self.accounts is not None:
            self.accounts.load(state["accounts"])
            self.accounts.begin(state["accounts_place"])
            self.holds.load(state["holds"])
        if self.orders is not None:
            self.orders.load(state["orders"])
