"""What must be so when nothing is under way: asked of the logs and tables alone."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from schemas.codec import decode
from schemas.instruments import assets_of
from schemas.topics import (
    ACCOUNTS_DEAD_LETTERS,
    ACCOUNTS_WALLET,
    MATCHING_DEAD_LETTERS,
    ORDERS_DEAD_LETTERS,
    ORDERS_EXECUTIONS,
    ORDERS_INCOMING,
    ORDERS_ORDERS,
    WALLET_COMMANDS,
    WALLET_EVENTS,
)
from streams.domain.ledger import CLEARING
from streams.domain.ledger_invariants import check_ledger
from streams.domain.wallet import Wallet
from tests.chaos.exchange import read_all
from tests.chaos.paid_pipeline import PaidPipeline
from tests.chaos.settlements import verify_settlements
from tests.properties.test_settlement import needed
from tests.simulation.reference_exchange import ReferenceExchange
from tests.simulation.reference_wallet import ReferenceWallet

_PLACEMENTS = ("PlaceOrder", "CancelReplaceOrder")
_DONE = {"COMPLETED", "FAILED"}


class PaidAudit:
    """Reads everything once; ``verify`` fails at the first thing that is not as it must be."""

    def __init__(self, pipeline: PaidPipeline) -> None:
        self.pipeline = pipeline
        self.instruments = pipeline.instruments
        self.bootstrap = pipeline.broker.bootstrap
        self.reports = [r for n, r in self._read(ORDERS_EXECUTIONS.name) if n != "Tick"]
        self.incoming = self._read(ORDERS_INCOMING.name)
        self.sagas = self._rows(ORDERS_ORDERS.name, "saga ")

    def verify(self) -> None:
        """Matching, the wallets, the sagas, and all of it together."""
        exchange = self._verify_matching()
        wallets = self._verify_wallets()
        self._verify_sagas()
        self._verify_outcomes()
        self._verify_holds(exchange, wallets)

    # --- stage by stage -------------------------------------------------------------------------

    def _verify_matching(self) -> ReferenceExchange:
        """The slow exchange, told what matching was told, reports the same."""
        twin = ReferenceExchange(self.instruments)
        expected: dict[str, list[Any]] = defaultdict(list)
        markets: defaultdict[int, set[str]] = defaultdict(set)
        for message in read_all(self.bootstrap, ORDERS_INCOMING.name):
            name, command = decode(message.value())
            # A tick is for its partition's markets, and these exist from their first command on.
            own = markets[message.partition()]
            if name == "Tick":
                twin.tick(command["time_ms"], own)
                continue
            own |= {command["symbol"]} & self.instruments.keys()
            for report in twin.apply(name, command)[0]:
                expected[report["symbol"]].append(report)
        got: dict[str, list[Any]] = defaultdict(list)
        for report in self.reports:
            if report["execution_id"]:
                got[report["symbol"]].append(report)
        for symbol, reports in expected.items():
            mine = sorted(got[symbol], key=lambda report: report["execution_id"])
            assert mine == reports, symbol
        told = [
            message
            for message in read_all(self.bootstrap, WALLET_COMMANDS.name)
            if _is_settlement(message)
        ]
        every = [report for reports in got.values() for report in reports]
        every.sort(key=lambda report: (report["symbol"], report["execution_id"]))
        verify_settlements(self.instruments, every, told)
        return twin

    def _verify_wallets(self) -> list[Wallet]:
        """The slow wallet, told what accounts was told, says the same; and the books balance."""
        assets = assets_of(self.instruments)
        events: dict[int, list[Any]] = defaultdict(list)
        for message in read_all(self.bootstrap, WALLET_EVENTS.name):
            name, event = decode(message.value())
            if name != "Tick":
                events[message.partition()].append((name, event))
        twins: dict[int, ReferenceWallet] = defaultdict(lambda: ReferenceWallet(assets))
        expected: dict[int, list[Any]] = defaultdict(list)
        for message in read_all(self.bootstrap, WALLET_COMMANDS.name):
            event = twins[message.partition()].apply(*decode(message.value()))
            if event is not None:
                expected[message.partition()].append(event)
        assert events == expected
        for name, event in (each for partition in events.values() for each in partition):
            assert name != "WalletCommandRefusedEvent", event
        tables = self._rows_by_partition(ACCOUNTS_WALLET.name)
        wallets = [Wallet.restore(assets, rows) for rows in tables.values()]
        for wallet in wallets:
            assert check_ledger(wallet.state) == []
        return wallets

    def _verify_sagas(self) -> None:
        states = Counter(row["state"] for row in self.sagas.values())
        assert set(states) <= _DONE, states
        assert states["COMPLETED"]
        assert states["FAILED"]
        assert not [row for row in self.sagas.values() if row["waiting"]]
        for topic in (ORDERS_DEAD_LETTERS, ACCOUNTS_DEAD_LETTERS, MATCHING_DEAD_LETTERS):
            assert read_all(self.bootstrap, topic.name) == []

    # --- end to end -----------------------------------------------------------------------------

    def _verify_outcomes(self) -> None:
        """Each placement has one outcome; one client order id is one order."""
        outcomes: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for report in self.reports:
            is_one = report["execution_type"] in ("NEW", "REJECTED")
            if is_one and report["reject_reason"] != "COMMAND_ID_REUSED":
                outcomes[report["account_id"], report["command_id"]].append(report)
        times = Counter((o["account_id"], o["command_id"]) for o in self._placements())
        for key in times:
            answers = outcomes[key]
            numbered = [a for a in answers if a["execution_id"]]
            if numbered:
                assert len(answers) == 1, (key, answers)
            else:
                # A repeat of what was refused at once is refused at once again.
                assert len({a["reject_reason"] for a in answers}) == 1, (key, answers)
                assert len(answers) <= times[key], (key, answers)
        accepted = Counter(
            (r["account_id"], r["symbol"], r["client_order_id"])
            for r in self.reports
            if r["execution_type"] == "NEW"
        )
        assert all(count == 1 for count in accepted.values())

    def _placements(self) -> Iterable[dict[str, Any]]:
        return (command for name, command in self.pipeline.sent if name in _PLACEMENTS)

    def _verify_holds(self, exchange: ReferenceExchange, wallets: list[Wallet]) -> None:
        """What is held is what open orders need, and nothing is in transit."""
        open_orders = {
            (order["account_id"], order["hold_id"]): needed(self.instruments[symbol], order)
            for symbol in self.instruments
            for order in exchange.order_rows(symbol)
        }
        held = {
            (hold.account_id, hold.hold_id): hold.left_units
            for wallet in wallets
            for hold in wallet.state.holds.values()
            if hold.left_units
        }
        assert held == open_orders
        transit: Counter[tuple[str, str]] = Counter()
        for wallet in wallets:
            for account in wallet.state.ledger.accounts.values():
                if account.account_id.startswith(CLEARING):
                    for asset, balance in account.balances.items():
                        transit[account.account_id, asset] += balance.available_units
        assert {key: units for key, units in transit.items() if units} == {}

    # --- reading --------------------------------------------------------------------------------

    def _read(self, topic: str) -> list[tuple[str, Any]]:
        return [decode(message.value()) for message in read_all(self.bootstrap, topic)]

    def _rows(self, topic: str, prefix: str) -> dict[str, Any]:
        return {
            key: row
            for rows in self._rows_by_partition(topic).values()
            for key, row in rows.items()
            if key.startswith(prefix)
        }

    def _rows_by_partition(self, topic: str) -> dict[int, dict[str, Any]]:
        rows: dict[int, dict[str, Any]] = defaultdict(dict)
        for message in read_all(self.bootstrap, topic):
            key, value = message.key().decode(), message.value()
            if value is None:
                rows[message.partition()].pop(key, None)
            else:
                rows[message.partition()][key] = decode(value)[1]
        return rows


def _is_settlement(message: Any) -> bool:
    name, command = decode(message.value())
    if name == "WalletReleaseFundsCommand":
        return not command["command_id"].endswith("~r")
    return name == "WalletSettleFillCommand"
