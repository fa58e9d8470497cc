"""What is older than memory holds: trades and candles, wherever they are kept."""

from typing import Any, NamedTuple, Protocol

Record = dict[str, Any]

LARGEST = 2**63 - 1
"""No id and no time is larger."""


class Trades(NamedTuple):
    """Which trades of a symbol are asked for; all bounds are included."""

    limit: int
    is_newest: bool = False
    """Whether the youngest of them are wanted, if there are more; else the oldest are."""
    first_id: int = 0
    last_id: int = LARGEST
    first_ms: int = 0
    last_ms: int = LARGEST


class History(Protocol):
    """Reads records as the log had them, in the log's units; for the event loop.

    It may be behind the log.  So whoever asks says how far it must have come; else it tells
    nothing.
    """

    @property
    def is_used(self) -> bool:
        """Whether there is any store to ask."""

    @property
    def is_away(self) -> bool:
        """Whether the store did not answer when it was asked last."""

    async def trades(self, symbol: str, asked: Trades, *, reached_id: int) -> list[Record]:
        """Trades by rising ids; none where it is away, or has not come to ``reached_id``."""

    async def candles(
        self, symbol: str, interval: str, *, first_ms: int, last_ms: int, reached_ms: int
    ) -> list[Record]:
        """Candles that open from ``first_ms`` to ``last_ms``, and the one before, the oldest first.

        None where it is away, or has not come to the one that opens at ``reached_ms``.
        """

    async def first_candle_ms(self, symbol: str, interval: str) -> int | None:
        """When the first candle ever opened; None where that is not known."""

    async def close(self) -> None:
        """Give its connections back."""


class NoHistory:
    """Where no store is configured: memory is all there is."""

    is_used = False
    is_away = False

    async def trades(self, symbol: str, asked: Trades, *, reached_id: int) -> list[Record]:
        """None."""
        return []

    async def candles(
        self, symbol: str, interval: str, *, first_ms: int, last_ms: int, reached_ms: int
    ) -> list[Record]:
        """None."""
        return []

    async def first_candle_ms(self, symbol: str, interval: str) -> int | None:
        """Not known."""
        return None

    async def close(self) -> None:
        """Nothing to do."""
