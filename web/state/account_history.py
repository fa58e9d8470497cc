"""What is older than memory: an account's closed orders, trades and transfers of money."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol


class HistoryAwayError(Exception):
    """The history does not answer: there is only what is in memory."""


class PastOrder(NamedTuple):
    """An order as it stood when it was last written down; amounts are decimal strings."""

    symbol: str
    order_id: int
    client_order_id: str
    execution_id: int
    """Of the last report that is in it."""
    side: str
    order_type: str
    time_in_force: str
    self_trade_prevention: str
    status: str
    expiry_reason: str
    price: str
    stop_price: str
    quantity: str
    quote_quantity: str
    iceberg_quantity: str
    executed_quantity: str
    executed_quote: str
    prevented_quantity: str
    is_working: bool
    created_ms: int
    working_ms: int
    updated_ms: int


class PastTrade(NamedTuple):
    """A fill of an order of the account."""

    symbol: str
    trade_id: int
    order_id: int
    side: str
    role: str
    price: str
    quantity: str
    quote: str
    commission: str
    time_ms: int


class PastAmendment(NamedTuple):
    """A reduction of an order in place."""

    symbol: str
    order_id: int
    execution_id: int
    original_client_order_id: str
    client_order_id: str
    before_quantity: str
    quantity: str
    time_ms: int


class PastTransfer(NamedTuple):
    """Money that came in or went out."""

    command_id: str
    asset: str
    amount: str
    time_ms: int


TransferKind = Literal["DEPOSIT", "WITHDRAWAL"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which of an account's rows in a symbol are wanted, and how many.

    With ``from_id`` or ``start_ms`` the oldest ones, else the newest; by rising ids either way.
    """

    limit: int
    from_id: int | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    """Inclusive, as is ``start_ms``."""
    order_id: int | None = None
    """Of trades: those of this order alone."""

    @property
    def is_from_the_start(self) -> bool:
        """Whether the oldest ones are wanted."""
        return self.from_id is not None or self.start_ms is not None

    def holds(self, number: int, time_ms: int) -> bool:
        """Whether a row of this id and time is within."""
        return (
            (self.from_id is None or number >= self.from_id)
            and (self.start_ms is None or time_ms >= self.start_ms)
            and (self.end_ms is None or time_ms <= self.end_ms)
        )


class AccountHistory(Protocol):
    """Asks a store; each method raises HistoryAwayError where it does not answer."""

    async def order(self, account_id: str, symbol: str, order_id: int) -> PastOrder | None:
        """An order by its id."""

    async def named_order(self, account_id: str, symbol: str, name: str) -> PastOrder | None:
        """The last order that had a client order id."""

    async def orders(self, account_id: str, symbol: str, span: Span) -> list[PastOrder]:
        """Orders by rising ids; a span's times are of their creation."""

    async def trades(self, account_id: str, symbol: str, span: Span) -> list[PastTrade]:
        """Fills by rising trade ids."""

    async def amendments(self, account_id: str, symbol: str, order_id: int) -> list[PastAmendment]:
        """All of an order, in their order."""

    async def transfers(
        self, account_id: str, kind: TransferKind, *, asset: str, start_ms: int, end_ms: int
    ) -> list[PastTransfer]:
        """What came in or went out, the newest first; "" stands for all assets."""

    async def close(self) -> None:
        """Give its connections up."""


class NoAccountHistory:
    """There is no store: memory is all there is."""

    async def order(self, account_id: str, symbol: str, order_id: int) -> PastOrder | None:
        """Raises HistoryAwayError, as all of them."""
        raise HistoryAwayError

    async def named_order(self, account_id: str, symbol: str, name: str) -> PastOrder | None:
        """Raises HistoryAwayError, as all of them."""
        raise HistoryAwayError

    async def orders(self, account_id: str, symbol: str, span: Span) -> list[PastOrder]:
        """Raises HistoryAwayError."""
        raise HistoryAwayError

    async def trades(self, account_id: str, symbol: str, span: Span) -> list[PastTrade]:
        """Raises HistoryAwayError."""
        raise HistoryAwayError

    async def amendments(self, account_id: str, symbol: str, order_id: int) -> list[PastAmendment]:
        """Raises HistoryAwayError."""
        raise HistoryAwayError

    async def transfers(
        self, account_id: str, kind: TransferKind, *, asset: str, start_ms: int, end_ms: int
    ) -> list[PastTransfer]:
        """Raises HistoryAwayError."""
        raise HistoryAwayError

    async def close(self) -> None:
        """Nothing to do."""
