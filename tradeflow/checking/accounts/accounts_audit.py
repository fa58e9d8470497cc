"""The accounts stage: each command has its event, and the log has what the wallet gives."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar

from schemas.instruments import Instrument, assets_of
from schemas.partitioning import partition_of
from schemas.topics import (
    ACCOUNTS_DEAD_LETTERS,
    ACCOUNTS_WALLET,
    ORDERS_INCOMING,
    WALLET_COMMANDS,
    WALLET_EVENTS,
    WALLET_EVENTS_VALUES,
)
from streams.agents.accounts import refuse_wallet_command
from streams.domain.ledger_invariants import check_ledger
from streams.domain.wallet import Wallet
from streams.domain.wallet_state import PARTITION_KEY
from tradeflow.checking.accounts.money import Money
from tradeflow.checking.answered import Answered, Output
from tradeflow.checking.entry import Entry
from tradeflow.checking.findings import Findings, Promises
from tradeflow.checking.letters import called, check_dead_letter
from tradeflow.checking.rows import TableRows, compare_outputs, compare_rows
from tradeflow.checking.stage_audit import StageAudit
from tradeflow.topic_reader import Partition

CHANGELOG = ACCOUNTS_WALLET.name
EVENTS = WALLET_EVENTS.name

_partition_of = lru_cache(maxsize=65_536)(partition_of)


class AccountsAudit(StageAudit):
    """I1, I2, I4 and I6 of the wallets."""

    input = WALLET_COMMANDS.name
    outputs: ClassVar[Mapping[str, frozenset[str]]] = {
        EVENTS: frozenset(WALLET_EVENTS_VALUES),
        ACCOUNTS_DEAD_LETTERS.name: frozenset({"DeadLetter"}),
    }
    letters = ACCOUNTS_DEAD_LETTERS.name

    def __init__(
        self,
        found: Promises,
        instruments: Mapping[str, Instrument],
        partition_counts: Mapping[str, int],
        cut: Mapping[Partition, int],
    ) -> None:
        super().__init__(cut)
        self._found = found
        self._assets = assets_of(instruments)
        self._counts = partition_counts
        self.money = Money(found)
        self.wallets: dict[int, Wallet] = {}

    @property
    def faults(self) -> Findings:
        return self._found.rerun

    def wallet(self, number: int) -> Wallet:
        """The wallet of an input partition, run again so far."""
        wallet = self.wallets.get(number)
        if wallet is None:
            wallet = self.wallets[number] = Wallet(self._assets)
        return wallet

    def expect(self, entry: Entry) -> Answered:
        record, kind, command = entry.record, entry.name, entry.value
        refusal = entry.fault or refuse_wallet_command(
            kind, command, record.key, record.timestamp_ms
        )
        answered = Answered(record, kind, command, refusal)
        if refusal is not None:
            answered.expected[Partition(self.letters, 0)] = [refusal]
            return answered
        event = self.wallet(entry.number).apply(kind, command)
        if event is None:
            answered.expected[Partition(EVENTS, entry.number)] = [(kind, command)]
            return answered
        number = _partition_of(event[1]["account_id"].encode(), self._counts[EVENTS])
        answered.expected[Partition(EVENTS, number)] = [event]
        if event[0] == "WalletCommandRefusedEvent":
            self._look_at_refusal(entry, event[1]["reason"])
        return answered

    def _look_at_refusal(self, entry: Entry, reason: str) -> None:
        """Money that matching settles was reserved: to refuse it leaves orders and money apart."""
        if entry.is_caused_by(ORDERS_INCOMING.name):
            value = entry.value
            text = f"{entry.name} of hold {value['hold_id']!r} of {value['account_id']} is refused"
            self._found.holds.violated(entry.position, f"{text}: {reason}")

    def complete(self, answered: Answered) -> None:
        figures = self._found.outcomes.figures
        letters = list(answered.outputs(self.letters))
        events = list(answered.outputs(EVENTS))
        if answered.kind != "Tick":
            figures["wallet commands"] += 1
            self._found.rerun.figures["wallet commands"] += 1
        if answered.refusal is not None:
            check_dead_letter(self._found.outcomes, answered, letters)
        elif letters:
            self._violated(answered, f"is a dead letter ({letters[0].value['reason']})")
        wanted = 0 if answered.refusal is not None else 1
        if len(events) != wanted:
            self._violated(answered, f"has {len(events)} events, not {wanted}")
        expected = {tp: each for tp, each in answered.expected.items() if tp.topic == EVENTS}
        actual = {tp: each for tp, each in answered.actual.items() if tp.topic == EVENTS}
        for partition in expected.keys() | actual.keys():
            compare_outputs(
                self.faults, answered, expected.get(partition, []), actual.get(partition, [])
            )
        self.money.complete(answered, EVENTS)

    def stray(self, output: Output, why: str) -> None:
        is_letter = output.record.partition.topic == self.letters
        what = "a dead letter" if is_letter else "an event"
        self._found.outcomes.violated(output.position, f"{what} too many: {why}")
        if not is_letter:
            self.faults.violated(output.position, f"the wallet gives no such record: {why}")

    def is_of_others(self, entry: Entry) -> bool:
        """Nobody else writes what happened to money."""
        return False

    def finish(self, tables: Mapping[int, TableRows]) -> None:
        """All was read: judge what is incomplete, the books, and the tables given."""
        self.pairing.finish()
        for number, wallet in self.wallets.items():
            for violation in check_ledger(wallet.state):
                is_sum = violation.rule == "money is conserved"
                findings = self._found.money if is_sum else self._found.holds
                findings.violated(f"{self.input}/{number}", f"{violation.rule}: {violation.detail}")
        self.money.finish()
        for number, kept in tables.items():
            rows: dict[str, Any] = dict(self.wallet(number).state.rows())
            if not rows[PARTITION_KEY]["time_ms"]:
                del rows[PARTITION_KEY]  # no time has passed: it was never written
            compare_rows(self.faults, f"{CHANGELOG}/{number}", rows, kept)

    def state_hashes(self) -> dict[str, str]:
        """A digest of each wallet's state at the end."""
        return {f"wallet {n}": wallet.state_hash() for n, wallet in sorted(self.wallets.items())}

    def to_state(self) -> dict[str, Any]:
        """All that a later check needs to go on from here."""
        return {
            "money": self.money.to_state(),
            "wallets": {str(n): wallet.state.rows() for n, wallet in self.wallets.items()},
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from an earlier check."""
        self.money.load(state["money"])
        for number, rows in state["wallets"].items():
            self.wallets[int(number)] = Wallet.restore(self._assets, rows)

    def _violated(self, answered: Answered, text: str) -> None:
        self._found.outcomes.violated(answered.position, f"{called(answered)} {text}")
