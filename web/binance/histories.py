"""What the history says, told together with what is in memory."""

from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

from web.binance.endpoint import Call
from web.binance.errors import error
from web.binance.parameters import Parameter
from web.state.account_history import HistoryAwayError, Span

T = TypeVar("T")

MEMORY_ONLY = ("X-TradeFlow-History", "memory-only")
"""The header of an answer that the history had no part in: older rows may be missing."""

_HOURS_MAX = 24

WINDOW = (
    Parameter(name="startTime", kind="time", description="Then the oldest ones are told."),
    Parameter(name="endTime", kind="time", description="At most 24 hours after startTime."),
)
LIMIT = Parameter(name="limit", kind="integer", default=500, least=1, most=1_000)


async def from_history(call: Call, asked: Awaitable[T], otherwise: T) -> T:
    """What the history says; where it is away, ``otherwise``, and the answer tells of it."""
    try:
        return await asked
    except HistoryAwayError:
        if MEMORY_ONLY not in call.headers:
            call.headers.append(MEMORY_ONLY)
        return otherwise


def read_window(values: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Start and end in ms, as far as they were sent.

    Raises:
        BinanceError: they are more than a day apart, or the wrong way round.
    """
    start, end = values["startTime"], values["endTime"]
    if start is not None and end is not None:
        if end < start:
            raise error("PARAMETERS")
        if end - start > _HOURS_MAX * 3_600_000:
            raise error("TOO_LONG_A_TIME", hours=_HOURS_MAX)
    return start, end


def cut(rows: Mapping[Any, T], span: Span) -> list[T]:
    """So many rows as a span asks for, by rising keys: the oldest ones, or the newest ones."""
    keys = sorted(rows)
    wanted = keys[: span.limit] if span.is_from_the_start else keys[-span.limit :]
    return [rows[key] for key in wanted]
