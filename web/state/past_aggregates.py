"""Aggregate trades from memory, and the older ones from history."""

from dataclasses import dataclass

from web.state.aggregate_trades import Aggregate, aggregated, aggregates_of
from web.state.history import LARGEST, History, Record, Trades
from web.state.markets import SymbolMarket

_PAGE = 2_000
_READ_MAX = 20_000
"""Trades read for one answer: a taker may have met thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAggregates:
    """Which aggregates are asked for; all bounds are included."""

    limit: int
    is_newest: bool
    """Whether the youngest of them are wanted; else the oldest are."""
    first_id: int = 0
    first_ms: int = 0
    last_ms: int = LARGEST

    def has(self, aggregate: Aggregate) -> bool:
        """Whether it is within the bounds."""
        return (
            aggregate.aggregate_id >= self.first_id
            and self.first_ms <= aggregate.time_ms <= self.last_ms
        )


async def find_aggregates(
    market: SymbolMarket, history: History, asked: AskedAggregates
) -> list[Aggregate]:
    """Those that are asked for, as far as they are known, the oldest first."""
    known = market.aggregates.all()
    found = [each for each in known if asked.has(each)]
    if not _is_older_wanted(known, found, asked) or not history.is_used:
        return found[-asked.limit :] if asked.is_newest else found[: asked.limit]
    last_id = known[0].first_trade_id - 1 if known else LARGEST
    reader = _Reader(market, history, asked, last_id)
    if asked.is_newest:
        older = await reader.newest(asked.limit - len(found))
        return older + found
    older = await reader.oldest(asked.limit)
    if older and found and older[-1].last_trade_id + 1 != found[0].first_trade_id:
        # The rest comes with the next page.
        return older[: asked.limit]
    return (older + found)[: asked.limit]


def _is_older_wanted(
    known: list[Aggregate], found: list[Aggregate], asked: AskedAggregates
) -> bool:
    if not known:
        return True
    oldest = known[0]
    if oldest.first_trade_id == 1:
        return False
    if asked.is_newest:
        return len(found) < asked.limit
    return oldest.aggregate_id > asked.first_id and oldest.time_ms >= asked.first_ms


class _Reader:
    """Reads trades page by page until there are enough aggregates."""

    def __init__(
        self, market: SymbolMarket, history: History, asked: AskedAggregates, last_id: int
    ) -> None:
        self._symbol = market.instrument.symbol
        self._history = history
        self._asked = asked
        self._last_id = last_id
        self._reached_id = last_id if last_id < LARGEST else 0

    async def newest(self, count: int) -> list[Aggregate]:
        """The youngest ones before memory's."""
        trades: list[Record] = []
        last_id = self._last_id
        while len(trades) < _READ_MAX:
            page = await self._page(is_newest=True, first_id=0, last_id=last_id)
            trades = page + trades
            if len(page) < _PAGE or len(aggregated(trades)) > count:
                break
            last_id = page[0]["trade_id"] - 1
        return aggregates_of(trades)[-count:]

    async def oldest(self, count: int) -> list[Aggregate]:
        """The oldest ones before memory's."""
        trades: list[Record] = []
        # An aggregate that has begun before does not begin here.
        first_id = max(self._asked.first_id - 1, 0)
        while len(trades) < _READ_MAX:
            page = await self._page(is_newest=False, first_id=first_id, last_id=self._last_id)
            trades += page
            found = [each for each in aggregated(trades) if self._asked.has(each)]
            if len(page) < _PAGE:
                return found
            if len(found) > count:
                break
            first_id = page[-1]["trade_id"] + 1
        # The last one may go on in trades that are not read yet.
        return found[:-1]

    async def _page(self, *, is_newest: bool, first_id: int, last_id: int) -> list[Record]:
        asked = Trades(
            _PAGE,
            is_newest=is_newest,
            first_id=first_id,
            last_id=last_id,
            first_ms=self._asked.first_ms,
            last_ms=self._asked.last_ms,
        )
        return await self._history.trades(self._symbol, asked, reached_id=self._reached_id)
