"""Depth: what each price shows, and what of it one command changed."""

from streams.domain.book_side import BookSide
from streams.domain.events import DepthEvent, Levels
from streams.domain.symbol_state import SymbolState


def depth_update(state: SymbolState) -> DepthEvent | None:
    """The levels whose visible quantity differs from the published one, now published."""
    book = state.book
    bids = book.bids.publish() if book.bids.touched else []
    asks = book.asks.publish() if book.asks.touched else []
    changes = len(bids) + len(asks)
    if not changes:
        return None
    before = state.last_update_id
    state.last_update_id = before + changes
    return DepthEvent(
        state.symbol,
        before + 1,
        before + changes,
        bids,
        asks,
        state.command_id,
        state.time_ms,
    )


def visible_levels(side: BookSide, limit: int | None) -> Levels:
    """The best levels of a side, ``limit`` of them or all."""
    keys = side.keys if limit is None else side.keys[max(len(side.keys) - limit, 0) :]
    levels = [side.levels[key] for key in reversed(keys)]
    return [(level.price_ticks, level.visible_lots) for level in levels]
