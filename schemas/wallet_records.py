"""The shapes of the records about money, as typed dictionaries; ``schemas.records`` has the rest.

Commands travel on ``wallet.commands``, events on ``wallet.events``, both keyed by account; rows are
those of the table ``wallet``.  Amounts are in minor units of their asset (10**-8).
"""

from typing import TypedDict

from schemas.enums import AccountStatus, EntryType, Role, Side, WalletRefusal

# --- what is within others ----------------------------------------------------------------------


class LedgerEntry(TypedDict):
    """One movement of money with both its sides."""

    entry_id: int
    entry_type: EntryType
    asset: str
    amount_units: int
    debit_account: str
    credit_account: str
    reference_id: str
    symbol: str


class AssetBalance(TypedDict):
    """What an account has of one asset."""

    asset: str
    available_units: int
    held_units: int


class WalletOpenAccountCommand(TypedDict):
    """Open an account."""

    command_id: str
    account_id: str
    time_ms: int


class WalletSetStatusCommand(TypedDict):
    """Lock, unlock or close an account."""

    command_id: str
    account_id: str
    status: AccountStatus
    time_ms: int


class WalletDepositCommand(TypedDict):
    """Bring money into an account."""

    command_id: str
    account_id: str
    asset: str
    amount_units: int
    time_ms: int


class WalletWithdrawCommand(TypedDict):
    """Take money out of an account."""

    command_id: str
    account_id: str
    asset: str
    amount_units: int
    time_ms: int


class WalletReserveFundsCommand(TypedDict):
    """Set money aside for an order: makes the hold whose id is the command's."""

    command_id: str
    account_id: str
    symbol: str
    asset: str
    amount_units: int
    requested_ms: int
    time_ms: int


class WalletSettleFillCommand(TypedDict):
    """Post one fill: money out of the hold, money in, the commission; release the hold's rest.

    ``keep_units`` is what the order still needs; what the hold has beyond it is released.
    """

    command_id: str
    account_id: str
    hold_id: str
    symbol: str
    execution_id: int
    order_id: int
    trade_id: int
    side: Side
    role: Role
    paid_units: int
    received_asset: str
    received_units: int
    commission_units: int
    commission_rate_ppm: int
    keep_units: int
    time_ms: int


class WalletReleaseFundsCommand(TypedDict):
    """Give back what an order no longer needs."""

    command_id: str
    account_id: str
    hold_id: str
    symbol: str
    execution_id: int
    keep_units: int
    time_ms: int


class AccountStatusChangedEvent(TypedDict):
    """An account was opened, locked, unlocked or closed."""

    command_id: str
    account_id: str
    status: AccountStatus
    is_repeat: bool
    entries: list[LedgerEntry]
    balances: list[AssetBalance]
    time_ms: int


class FundsDepositedEvent(TypedDict):
    """Money came in."""

    command_id: str
    account_id: str
    asset: str
    amount_units: int
    is_repeat: bool
    entries: list[LedgerEntry]
    balances: list[AssetBalance]
    time_ms: int


class FundsWithdrawnEvent(TypedDict):
    """Money went out."""

    command_id: str
    account_id: str
    asset: str
    amount_units: int
    is_repeat: bool
    entries: list[LedgerEntry]
    balances: list[AssetBalance]
    time_ms: int


class FundsReservedEvent(TypedDict):
    """Money was set aside for an order."""

    command_id: str
    account_id: str
    symbol: str
    asset: str
    amount_units: int
    requested_ms: int
    is_repeat: bool
    entries: list[LedgerEntry]
    balances: list[AssetBalance]
    time_ms: int


class FundsReservationFailedEvent(TypedDict):
    """Money was not set aside."""

    command_id: str
    account_id: str
    symbol: str
    asset: str
    amount_units: int
    requested_ms: int
    reason: WalletRefusal
    is_repeat: bool
    entries: list[LedgerEntry]
    balances: list[AssetBalance]
    time_ms: int


class FundsReleasedEvent(TypedDict):
    """A hold was voided, or reduced to what its order still needs."""

    command_id: str
    account_id: str
    hold_id: str
    symbol: str
    asset: str
    amount_units: int
    left_units: int
    is_repeat: bool
    entries: list[LedgerEntry]
    balances: list[AssetBalance]
    time_ms: int


class FillSettledEvent(TypedDict):
    """A fill was posted."""

    command_id: str
    account_id: str
    hold_id: str
    symbol: str
    execution_id: int
    order_id: int
    trade_id: int
    left_units: int
    is_repeat: bool
    entries: list[LedgerEntry]
    balances: list[AssetBalance]
    time_ms: int


class WalletCommandRefusedEvent(TypedDict):
    """A command on money was refused and has had no effect."""

    command_id: str
    account_id: str
    command: str
    reason: WalletRefusal
    is_repeat: bool
    entries: list[LedgerEntry]
    balances: list[AssetBalance]
    time_ms: int


class WalletAccountRow(TypedDict):
    """An account: table wallet."""

    account_id: str
    status: AccountStatus
    last_entry_id: int
    opened_ms: int


class WalletBalanceRow(TypedDict):
    """What an account, or one of the partition's own accounts, has of one asset: table wallet."""

    account_id: str
    asset: str
    available_units: int
    held_units: int


class WalletHoldRow(TypedDict):
    """A hold: table wallet."""

    account_id: str
    hold_id: str
    symbol: str
    asset: str
    amount_units: int
    left_units: int
    last_execution_id: int
    closed_ms: int


class WalletCommandRow(TypedDict):
    """A command that was carried out or refused lately: table wallet."""

    account_id: str
    command_id: str
    content: str
    reason: WalletRefusal
    time_ms: int


class WalletPartitionRow(TypedDict):
    """The clock of a partition of accounts: table wallet."""

    time_ms: int
