"""The accounts stage, to be broken: its commands, its workers, and a twin for each partition."""

from collections import defaultdict
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from schemas.codec import decode, encode
from schemas.instruments import assets_of, load_instruments
from schemas.partitioning import partition_of
from schemas.topics import ACCOUNTS_DEAD_LETTERS, ACCOUNTS_WALLET, WALLET_COMMANDS, WALLET_EVENTS
from streams.domain.ledger_invariants import check_ledger
from streams.domain.wallet import Wallet
from tests.chaos.exchange import PARTITIONS, WorkerProcess, await_condition, read_all
from tests.simulation.reference_wallet import ReferenceWallet
from tests.simulation.wallet_workload import WalletWorkload
from tradeflow.broker import BrokerSettings, EmbeddedBroker

STATUS = {
    "command_id": "s",
    "account_id": "ann",
    "symbol": "BTCUSDT",
    "status": "HALT",
    "time_ms": 1,
}
ACCOUNTS = tuple(f"account-{number}" for number in range(12))


class Bank:
    """Feeds commands on money, and knows which events must come of them."""

    def __init__(self, folder: Path, *, seed: int) -> None:
        self.folder = folder
        self.broker = EmbeddedBroker(BrokerSettings(port=0, data_dir=folder / "kafka"))
        self.broker.start()
        self.assets = assets_of(load_instruments())
        self.twins = [ReferenceWallet(self.assets) for _ in range(PARTITIONS)]
        self.expected: dict[int, list[Any]] = defaultdict(list)
        self.workers: dict[int, WorkerProcess] = {}
        self._commands = WalletWorkload(seed, ACCOUNTS, ticks=False).commands(1_000_000)
        self._producer = Producer(
            {
                "bootstrap.servers": self.broker.bootstrap,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "linger.ms": 2,
                "log_level": 0,
            }
        )
        # Reads the group's offsets without being a member of it.
        self._observer = Consumer(
            {"bootstrap.servers": self.broker.bootstrap, "group.id": "accounts", "log_level": 0}
        )

    def start_worker(self, slot: int = 0, **environment: str) -> WorkerProcess:
        """Start the worker of a slot (again)."""
        settings = {
            "BROKER": self.broker.bootstrap,
            "TRADEFLOW_STATE_DIR": str(self.folder / "workers"),
            "TRADEFLOW_PARTITIONS": str(PARTITIONS),
            "TRADEFLOW_SESSION_TIMEOUT_MS": "4000",
            "TRADEFLOW_TRANSACTION_TIMEOUT_MS": "4000",
            "TRADEFLOW_ROUND_MAX_RECORDS": "50",
            "TRADEFLOW_WEB_PORT": "0",
            **environment,
        }
        log = self.folder / f"accounts-{slot}.log"
        worker = self.workers[slot] = WorkerProcess(slot, settings, log, stage="accounts")
        return worker

    def close(self) -> None:
        """End everything that was started."""
        for worker in self.workers.values():
            if not worker.has_exited():
                worker.kill()
        self._producer.purge()
        self._observer.close()
        self.broker.stop()

    def feed(self, count: int) -> None:
        """Send commands; the twin of each one's partition carries it out at once."""
        for _ in range(count):
            kind, command = next(self._commands)
            key = command["account_id"].encode()
            self._producer.produce(WALLET_COMMANDS.name, encode(kind, command), key)
            self._producer.poll(0)
            partition = partition_of(key, PARTITIONS)
            self.expected[partition].append(self.twins[partition].apply(kind, command))
        assert self._producer.flush(60) == 0

    def send_garbage(self) -> list[str]:
        """Send what is no command; the reasons that must be given for it."""
        deposit = {
            "command_id": "d",
            "account_id": "ann",
            "asset": "USDT",
            "amount_units": 1,
            "time_ms": 1,
        }
        other = encode("SetSymbolStatus", STATUS)
        good = encode("WalletDepositCommand", deposit)
        early = encode("WalletDepositCommand", {**deposit, "time_ms": 1 << 52})
        bad_id = encode("WalletDepositCommand", {**deposit, "account_id": "a b"})
        records = [
            ("ann", b"\x07garbage", "BAD_MAGIC"),
            ("ann", good[:-3], "TRUNCATED"),
            ("ann", b"\0\0\0\xff\xff" + good[5:], "UNKNOWN_SCHEMA_ID"),
            ("ann", other, "UNEXPECTED_RECORD"),
            (None, good, "MISSING_KEY"),
            ("bob", good, "KEY_MISMATCH"),
            ("a b", bad_id, "IMPOSSIBLE_VALUE"),
            ("ann", early, "IMPOSSIBLE_VALUE"),
        ]
        for key, value, _ in records:
            self._producer.produce(WALLET_COMMANDS.name, value, key)
        assert self._producer.flush(60) == 0
        return sorted(reason for _, _, reason in records)

    def dead_letters(self) -> list[str]:
        """The reasons of all dead letters."""
        messages = read_all(self.broker.bootstrap, ACCOUNTS_DEAD_LETTERS.name)
        return sorted(decode(message.value())[1]["reason"] for message in messages)

    def events_written(self) -> int:
        """Events, committed or not, and markers: only good to see progress."""
        partitions = [TopicPartition(WALLET_EVENTS.name, p) for p in range(PARTITIONS)]
        try:
            return sum(self._observer.get_watermark_offsets(p, timeout=5)[1] for p in partitions)
        except KafkaException:
            return 0  # no such topic yet

    def is_done(self) -> bool:
        """Whether the group's committed offsets are at the inputs' ends."""
        wanted = [TopicPartition(WALLET_COMMANDS.name, p) for p in range(PARTITIONS)]
        try:
            return all(
                at.offset == self._observer.get_watermark_offsets(at, timeout=5)[1]
                for at in self._observer.committed(wanted, timeout=5)
            )
        except KafkaException:
            return False

    def verify(self) -> None:
        """Wait until all is done, then compare each event, and audit the books that were kept."""
        await_condition(self.is_done, "every command on money", seconds=90)
        found: dict[int, list[Any]] = defaultdict(list)
        for message in read_all(self.broker.bootstrap, WALLET_EVENTS.name):
            found[message.partition()].append(decode(message.value()))
        for partition, expected in self.expected.items():
            got = found[partition]
            wrong = next(
                (pair for pair in zip(got, expected, strict=False) if pair[0] != pair[1]), None
            )
            assert wrong is None, wrong
            assert len(got) == len(expected)
        tables = self._tables()
        assert set(tables) == set(self.expected)
        for partition, rows in tables.items():
            wallet = Wallet.restore(self.assets, rows)
            assert check_ledger(wallet.state) == []
            self._compare_money(wallet, self.twins[partition])

    def _compare_money(self, wallet: Wallet, twin: ReferenceWallet) -> None:
        """The table has what the twin has: every account, its status and all of its money."""
        accounts = wallet.state.ledger.accounts
        assert {a.account_id for a in accounts.values() if not a.is_own} == set(twin.status)
        for account_id, status in twin.status.items():
            account = accounts[account_id]
            assert account.status == status
            for asset in self.assets:
                balance = account.balance(asset)
                money = balance.available_units, balance.held_units
                places = ("available", "held")
                assert money == tuple(twin.total(place, asset, account_id) for place in places)

    def _tables(self) -> dict[int, dict[str, Any]]:
        """By partition, the rows that the changelog holds."""
        rows: dict[int, dict[str, Any]] = defaultdict(dict)
        for message in read_all(self.broker.bootstrap, ACCOUNTS_WALLET.name):
            key, value = message.key().decode(), message.value()
            if value is None:
                rows[message.partition()].pop(key, None)
            else:
                rows[message.partition()][key] = decode(value)[1]
        return rows
