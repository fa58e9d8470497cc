"""What must hold at every step of a run, and what must hold when all is quiet again."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from schemas.codec import decode
from schemas.instruments import Instrument
from schemas.topics import (
    ACCOUNTS_DEAD_LETTERS,
    ACCOUNTS_WALLET,
    MATCHING_DEAD_LETTERS,
    ORDERBOOK_UPDATES,
    ORDERS_COMMANDS,
    ORDERS_DEAD_LETTERS,
    ORDERS_EXECUTIONS,
    ORDERS_ORDERS,
    ORDERS_PLACEMENTS,
    TRADES,
    WALLET_COMMANDS,
    WALLET_EVENTS,
)
from streams.domain.invariants import check_order_book
from streams.domain.ledger_invariants import check_ledger
from tradeflow.checking.findings import Findings
from tradeflow.simulation.exchange import PARTITIONS, SimulatedExchange
from tradeflow.simulation.log import LogRecord
from tradeflow.simulation.promises.answers import ClientAnswers
from tradeflow.simulation.promises.fills import FillAccounts
from tradeflow.simulation.promises.matched import MatchedCommands
from tradeflow.simulation.promises.money import MoneyWatch
from tradeflow.simulation.promises.replay import Replay
from tradeflow.simulation.promises.seen import NewRecords, Seen
from tradeflow.simulation.report import Failure

_LETTERS = (ORDERS_DEAD_LETTERS.name, ACCOUNTS_DEAD_LETTERS.name, MATCHING_DEAD_LETTERS.name)
_TOPICS = (
    ORDERS_COMMANDS.name,
    ORDERS_EXECUTIONS.name,
    TRADES.name,
    ORDERBOOK_UPDATES.name,
    WALLET_COMMANDS.name,
    WALLET_EVENTS.name,
    *_LETTERS,
)
"""What caused something comes before it."""


class Promises:
    """All of them, over one exchange."""

    def __init__(self, instruments: Mapping[str, Instrument], exchange: SimulatedExchange) -> None:
        self._exchange = exchange
        self._new = NewRecords(exchange.log, _TOPICS)
        self._money = MoneyWatch()
        self._fills = FillAccounts(instruments)
        self._matched = MatchedCommands(instruments, exchange.log)
        self._answers = ClientAnswers()
        self._replay = Replay(exchange.log)
        self._takers = {
            ORDERS_COMMANDS.name: (self._answers.asked,),
            ORDERS_EXECUTIONS.name: (self._reported,),
            TRADES.name: (self._matched.caused,),
            ORDERBOOK_UPDATES.name: (self._matched.caused,),
            WALLET_COMMANDS.name: (self._money.requested,),
            WALLET_EVENTS.name: (self._money.happened, self._fills.happened),
            ORDERS_DEAD_LETTERS.name: (self._answers.lettered,),
            ACCOUNTS_DEAD_LETTERS.name: (self._answers.lettered,),
            MATCHING_DEAD_LETTERS.name: (self._answers.lettered, self._matched.caused),
        }

    @property
    def findings(self) -> list[Findings]:
        """What was found, by promise."""
        answers = self._answers
        return [
            self._money.findings,
            self._fills.money,
            answers.answered,
            self._matched.outcomes.findings,
            self._fills.holds,
            self._matched.books.findings,
            self._replay.findings,
            answers.logged,
            answers.single,
        ]

    @property
    def outcomes(self) -> Counter[str]:
        """How many reports of each kind there are."""
        return self._answers.outcomes

    @property
    def open_orders(self) -> Mapping[Any, Mapping[str, Any]]:
        """The last report on each open order: it changes as the run goes on."""
        return self._fills.open

    def expect_letter(self, record: LogRecord) -> None:
        """This record is to become a dead letter."""
        self._answers.expect_letter(record)

    def look(self) -> None:
        """Judge what was written since the last call."""
        has_new = False
        for seen in self._new.take():
            has_new = True
            for take in self._takers[seen.record.topic()]:
                take(seen)
        if has_new:
            self._matched.look(self._exchange.stages["matching"].offsets)
            self._money.check_sums()

    def is_at_rest(self) -> bool:
        """Whether no saga has anything under way."""
        return all(
            saga["state"] in ("COMPLETED", "FAILED") and not saga["waiting"]
            for saga in self._sagas()
        )

    def reckon(self) -> None:
        """When all is quiet: what a worker restored from the rows has, and what was promised."""
        wallets: dict[str, Any] = {}
        for number in range(PARTITIONS):
            for key, row in self._exchange.log.rows(ACCOUNTS_WALLET.name, number).items():
                wallets[f"{number} {key.decode()}"] = decode(row)[1]
        self._fills.reckon(self._money, wallets)
        self._answers.reckon(self._sagas())
        self._check_restored()
        for stage in self._exchange.stages.values():
            self._replay.run(stage)
            self._replay.run_otherwise(stage)
            self._replay.check_restored(stage)
        self._check_windows()

    def first_failure(self, step: int) -> Failure | None:
        """The first broken promise, if any is."""
        for findings in self.findings:
            if not findings.holds:
                first = findings.first[0]
                return Failure(step, findings.invariant, f"{first.position}: {first.text}")
        return None

    def _reported(self, seen: Seen) -> None:
        self._answers.told(seen)
        self._matched.caused(seen)
        if seen.name == "ExecutionReport":
            self._fills.reported(seen)

    def _sagas(self) -> list[dict[str, Any]]:
        return [
            decode(row)[1]
            for number in range(PARTITIONS)
            for key, row in self._exchange.log.rows(ORDERS_ORDERS.name, number).items()
            if key.startswith(b"saga ")
        ]

    def _check_windows(self) -> None:
        """Nothing waits in the join: the echo of the clock has closed every window."""
        for number in range(PARTITIONS):
            waiting = self._exchange.log.rows(ORDERS_PLACEMENTS.name, number).keys() - {b"clock"}
            for key in sorted(waiting):
                where = f"join {number} {key.decode()}"
                self._answers.answered.violated(where, "waits for ever")

    def _check_restored(self) -> None:
        """Books and wallets as they come out of their rows are whole."""
        matching = self._exchange.stages["matching"].fresh_worker()
        accounts = self._exchange.stages["accounts"].fresh_worker()
        for number in range(PARTITIONS):
            matching.restore(number)
            accounts.restore(number)
            for symbol, market in matching.declared.markets(number).markets.items():
                for fault in check_order_book(market.state):
                    where = f"{symbol}, restored"
                    self._matched.books.findings.violated(where, f"{fault.rule}: {fault.detail}")
            for fault in check_ledger(accounts.declared.wallet(number).state):
                where = f"wallet {number}, restored"
                self._money.findings.violated(where, f"{fault.rule}: {fault.detail}")
        matching.app.close()
        accounts.app.close()
