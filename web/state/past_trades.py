"""Trades from memory, and the older ones from history."""

from itertools import islice

from web.state.history import LARGEST, History, Record, Trades
from web.state.markets import SymbolMarket


async def newest_trades(market: SymbolMarket, history: History, limit: int) -> list[Record]:
    """The youngest trades by rising ids."""
    known = market.trades
    if len(known) >= limit:
        return list(islice(known, len(known) - limit, None))
    found = list(known)
    before_id = (found[0]["trade_id"] if found else LARGEST) - 1
    if not before_id or not history.is_used:
        return found
    asked = Trades(limit - len(found), is_newest=True, last_id=before_id)
    older = await history.trades(
        market.instrument.symbol, asked, reached_id=before_id if found else 0
    )
    return older + found


async def trades_from(
    market: SymbolMarket, history: History, first_id: int, limit: int
) -> list[Record]:
    """The oldest trades whose ids are not lower; where nothing older is known, memory's oldest."""
    known = list(market.trades)
    oldest_id = known[0]["trade_id"] if known else LARGEST
    first_id = max(first_id, 1)
    if first_id < oldest_id and history.is_used:
        symbol = market.instrument.symbol
        older = await history.trades(symbol, Trades(limit, first_id=first_id), reached_id=0)
        if older:
            # It may be behind memory, and then the rest comes with the next page.
            after_id = older[-1]["trade_id"] + 1
            if after_id < oldest_id:
                return older
            return (older + known[after_id - oldest_id :])[:limit]
    skipped = max(first_id - oldest_id, 0)
    return known[skipped : skipped + limit]
