"""The one catalogue of topics: what is on them, how they are kept, who writes and reads them.

Replication is the broker's own setting: it is a property of the cluster, not of the data.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

DEFAULT_KEYED_PARTITIONS = 4
DAY_MS = 86_400_000
KEEP_FOR_EVER = -1
"""Journals are never deleted by age: replayed records carry times long past."""

MESSAGE_BYTES_MAX = 1_048_588
"""Largest batch of an input topic (Kafka's own default, said here because the next depends on
it)."""

DEAD_LETTER_BYTES_MAX = 2 * MESSAGE_BYTES_MAX
"""Room for any input with its key, its headers and the reason around it."""

JOURNAL: Mapping[str, str] = {"max.message.bytes": str(MESSAGE_BYTES_MAX)}

STAMPED_JOURNAL: Mapping[str, str] = {
    **JOURNAL,
    # A producer's clock that is fast must not make a partition forget what it has done.
    "message.timestamp.type": "LogAppendTime",
}
"""What commands and ticks are on: each record's time is the broker's."""

CHANGELOG: Mapping[str, str] = {
    # At Kafka's defaults a changelog hardly compacts: a restore then reads 20 rows for each live
    # one.  Small segments that close soon are what the cleaner can work on.
    "segment.bytes": str(16 * 1024 * 1024),
    "segment.ms": "10000",
    "min.cleanable.dirty.ratio": "0.1",
    "max.compaction.lag.ms": "10000",
    # How long a deletion stays visible.  It must outlast a restore, or the restore may keep a
    # deleted row; what is longer makes each restore read more deletions.  Restores take seconds.
    "delete.retention.ms": "60000",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic.  ``key`` is what the message key holds, hence what shares a partition."""

    name: str
    key: str
    values: tuple[str, ...]
    """The records on it, by name."""
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    description: str
    public: bool = False
    """Whether programs that are no part of TradeFlow may rely on it."""
    partitions: Literal["keyed"] | int = "keyed"
    """«keyed»: the one count of all keyed topics, so that equal keys meet in one worker."""
    cleanup: Literal["delete", "compact"] = "delete"
    retention_ms: int = KEEP_FOR_EVER
    config: Mapping[str, str] = field(default_factory=dict)
    """Further settings of the topic, by Kafka's names."""
    table: str | None = None
    """The table whose changelog it is."""

    def partition_count(self, keyed: int = DEFAULT_KEYED_PARTITIONS) -> int:
        return keyed if self.partitions == "keyed" else self.partitions

    def settings(self) -> dict[str, str]:
        """All settings to make the topic with, by Kafka's names."""
        settings = {"cleanup.policy": self.cleanup, **self.config}
        if self.cleanup == "delete":
            settings["retention.ms"] = str(self.retention_ms)
        return settings


COMMANDS = (
    "PlaceOrder",
    "CancelOrder",
    "CancelReplaceOrder",
    "PlaceOrderList",
    "AmendOrder",
    "SetSymbolStatus",
    "Tick",
)


def _changelog(app: str, table: str, key: str, rows: tuple[str, ...], description: str) -> Topic:
    """The changelog of a table, under the name that Faust gives it."""
    return Topic(
        name=f"{app}-{table}-changelog",
        key=key,
        values=rows,
        producers=(app,),
        consumers=(app,),
        description=description,
        cleanup="compact",
        config=CHANGELOG,
        table=table,
    )


WALLET_COMMANDS_VALUES = (
    "WalletOpenAccountCommand",
    "WalletSetStatusCommand",
    "WalletDepositCommand",
    "WalletWithdrawCommand",
    "WalletReserveFundsCommand",
    "WalletSettleFillCommand",
    "WalletReleaseFundsCommand",
    "Tick",
)

WALLET_EVENTS_VALUES = (
    "AccountStatusChangedEvent",
    "FundsDepositedEvent",
    "FundsWithdrawnEvent",
    "FundsReservedEvent",
    "FundsReservationFailedEvent",
    "FundsReleasedEvent",
    "FillSettledEvent",
    "WalletCommandRefusedEvent",
    "Tick",
)


def _dead_letters(stage: str) -> Topic:
    """Where a stage puts what it could not understand."""
    return Topic(
        name=f"{stage}.dead-letters",
        key="the input's key",
        values=("DeadLetter",),
        producers=(stage,),
        consumers=("operators",),
        description=f"Inputs of {stage} that could not be understood, whole, with the reason.",
        partitions=1,
        config={"max.message.bytes": str(DEAD_LETTER_BYTES_MAX)},
    )


ORDERS_COMMANDS_VALUES = (
    "PlaceOrder",
    "CancelOrder",
    "CancelReplaceOrder",
    "PlaceOrderList",
    "AmendOrder",
    "QueryOrder",
    "SetSymbolStatus",
    "Tick",
)
ORDERS_COMMANDS = Topic(
    name="orders.commands",
    key="account_id",
    values=ORDERS_COMMANDS_VALUES,
    producers=("order", "load", "replay", "clock", "web", "any program"),
    consumers=("orders",),
    description="What clients ask for, in the order in which it is looked at.",
    public=True,
    # The limit of size is the compressed batch's: 4 KB can be 120 MB to whoever reads them.  So the
    # broker unpacks what comes, and refuses it by its true size.
    config={**STAMPED_JOURNAL, "compression.type": "uncompressed"},
)
ORDERS_INCOMING = Topic(
    name="orders.incoming",
    key="symbol",
    values=COMMANDS,
    producers=("orders", "clock"),
    consumers=("matching",),
    description="Commands, in the order in which they are matched.",
    config=STAMPED_JOURNAL,
)
ORDERS_EXECUTIONS = Topic(
    name="orders.executions",
    key="account_id",
    values=("ExecutionReport", "Tick"),
    producers=("matching", "orders", "clock"),
    consumers=("orders", "web", "connectors"),
    description="Every state change of every order, and every refusal.",
    public=True,
    config=STAMPED_JOURNAL,
)
TRADES = Topic(
    name="trades",
    key="symbol",
    values=("Trade", "Tick"),
    producers=("matching",),
    consumers=("marketdata", "web", "connectors"),
    description="Every trade; and the time, behind what was traded before it.",
    public=True,
    config=JOURNAL,
)
ORDERBOOK_UPDATES = Topic(
    name="orderbook.updates",
    key="symbol",
    values=("DepthUpdate",),
    producers=("matching",),
    consumers=("marketdata", "web", "connectors"),
    description="The price levels that each command changed.",
    public=True,
    config=JOURNAL,
)
CANDLES = Topic(
    name="candles",
    key="symbol, interval, opening; on its symbol's partition",
    values=("Candle",),
    producers=("marketdata",),
    consumers=("web", "connectors"),
    description="OHLCV of each window, told while it is open and once more when it is over.",
    public=True,
    # The last word on each window stays for good.
    cleanup="compact",
    config=CHANGELOG,
)
TICKERS = Topic(
    name="tickers",
    key="symbol",
    values=("Ticker", "BookTicker"),
    producers=("marketdata",),
    consumers=("web", "connectors"),
    description="The last 24 hours, and the best bid and ask, whenever they change.",
    public=True,
    retention_ms=DAY_MS,
    config=JOURNAL,
)
ORDERBOOK_SNAPSHOTS = Topic(
    name="orderbook.snapshots",
    key="symbol",
    values=("DepthSnapshot",),
    producers=("marketdata",),
    consumers=("web", "connectors"),
    description="Whole books now and then, for local books to go on from.",
    public=True,
    cleanup="compact",
    config=CHANGELOG,
)
WALLET_COMMANDS = Topic(
    name="wallet.commands",
    key="account_id",
    values=WALLET_COMMANDS_VALUES,
    producers=("orders", "matching", "account", "load", "replay"),
    consumers=("accounts",),
    description="All that is to happen to money, in the order in which it happens.",
    config=STAMPED_JOURNAL,
)
WALLET_EVENTS = Topic(
    name="wallet.events",
    key="account_id",
    values=WALLET_EVENTS_VALUES,
    producers=("accounts",),
    consumers=("orders", "web", "connectors"),
    description="What happened to money: every ledger entry, and every refusal.",
    public=True,
    config=JOURNAL,
)
AUDIT = Topic(
    name="audit",
    key="user_id",
    values=("AuditEvent",),
    producers=("web", "key"),
    consumers=("connectors",),
    description="What people did or tried to do that no other topic tells: logins, say.",
    public=True,
    config=STAMPED_JOURNAL,
)
MATCHING_DEAD_LETTERS = _dead_letters("matching")
ACCOUNTS_DEAD_LETTERS = _dead_letters("accounts")
ORDERS_DEAD_LETTERS = _dead_letters("orders")
MARKETDATA_DEAD_LETTERS = _dead_letters("marketdata")
MATCHING_BOOK = _changelog(
    "matching",
    "book",
    "symbol; symbol, order id; symbol, account id, client order id",
    ("SymbolRow", "OrderRow", "ClosedOrderRow"),
    "State of each symbol, its open orders, and client order ids of those that closed lately.",
)

ACCOUNTS_WALLET = _changelog(
    "accounts",
    "wallet",
    "account id; account id, asset; account id, hold id; account id, command id",
    (
        "WalletAccountRow",
        "WalletBalanceRow",
        "WalletHoldRow",
        "WalletCommandRow",
        "WalletPartitionRow",
    ),
    "Accounts, their balances and holds, and the commands that were answered lately.",
)

ORDERS_ORDERS = _changelog(
    "orders",
    "orders",
    "account id, saga id; account id, command id",
    ("OrderSagaRow", "OrderCommandRow", "OrderClockRow"),
    "Placements that are open or were closed lately, and the commands that came lately.",
)
ORDERS_PLACEMENTS = _changelog(
    "orders",
    "placements",
    "side, number",
    (
        "PlaceOrder",
        "CancelReplaceOrder",
        "PlaceOrderList",
        "FundsReservedEvent",
        "FundsReservationFailedEvent",
    ),
    "Placements and reservations that wait for each other, in rows of the join (streams/joins).",
)
MARKETDATA_MARKET = _changelog(
    "marketdata",
    "market",
    "symbol; symbol, interval, opening; symbol, book; symbol, side, price",
    ("MarketSymbolRow", "Candle", "MarketBookRow", "MarketLevelRow"),
    "Open candles, the minutes of the last day, and books, with how far each symbol has come.",
)

TOPICS: tuple[Topic, ...] = (
    ORDERS_COMMANDS,
    ORDERS_INCOMING,
    ORDERS_EXECUTIONS,
    TRADES,
    ORDERBOOK_UPDATES,
    CANDLES,
    TICKERS,
    ORDERBOOK_SNAPSHOTS,
    WALLET_COMMANDS,
    WALLET_EVENTS,
    AUDIT,
    MATCHING_DEAD_LETTERS,
    ACCOUNTS_DEAD_LETTERS,
    ORDERS_DEAD_LETTERS,
    MARKETDATA_DEAD_LETTERS,
    MATCHING_BOOK,
    ACCOUNTS_WALLET,
    ORDERS_ORDERS,
    ORDERS_PLACEMENTS,
    MARKETDATA_MARKET,
)
