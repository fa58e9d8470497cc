"""A hold: the live form of a ``WalletHoldRow``."""

from schemas.wallet_records import WalletHoldRow


class Hold:
    """Money set aside for one order; ``left_units`` of it are still held."""

    __slots__ = (
        "account_id",
        "hold_id",
        "symbol",
        "asset",
        "amount_units",
        "left_units",
        "last_execution_id",
        "closed_ms",
    )

    def __init__(
        self, account_id: str, hold_id: str, symbol: str, asset: str, amount_units: int
    ) -> None:
        self.account_id = account_id
        self.hold_id = hold_id
        self.symbol = symbol
        self.asset = asset
        self.amount_units = amount_units
        self.left_units = amount_units
        self.last_execution_id = 0
        self.closed_ms = 0

    @classmethod
    def from_row(cls, row: WalletHoldRow) -> "Hold":
        """The hold that a row describes."""
        hold = cls(
            row["account_id"], row["hold_id"], row["symbol"], row["asset"], row["amount_units"]
        )
        hold.left_units = row["left_units"]
        hold.last_execution_id = row["last_execution_id"]
        hold.closed_ms = row["closed_ms"]
        return hold

    def to_row(self) -> WalletHoldRow:
        """The row that a table keeps of it."""
        return {
            "account_id": self.account_id,
            "hold_id": self.hold_id,
            "symbol": self.symbol,
            "asset": self.asset,
            "amount_units": self.amount_units,
            "left_units": self.left_units,
            "last_execution_id": self.last_execution_id,
            "closed_ms": self.closed_ms,
        }
