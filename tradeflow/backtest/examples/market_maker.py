"""A simple market maker: one post-only order on each side of the mid price."""

from streams.domain.events import ReportEvent
from tradeflow.backtest.desk import Desk
from tradeflow.backtest.local_book import LocalBook
from tradeflow.backtest.own_order import OwnOrder
from tradeflow.backtest.strategy import Strategy


class MarketMaker(Strategy):
    """Quotes around mid, and stops on the side on which it has enough.

    ``size`` is the quantity of a quote and ``limit`` the largest position, both as decimal text,
    ``away_bps`` the distance from mid in hundredths of a percent, ``every_ms`` how often quotes
    may move.
    """

    def __init__(
        self,
        size: str = "0.01",
        limit: str = "0.05",
        away_bps: str = "0.5",
        every_ms: str = "1000",
    ) -> None:
        self._size, self._limit = size, limit
        self._away_bps = float(away_bps)
        self._every_ms = int(every_ms)
        self._quotes: dict[str, OwnOrder] = {}

    def on_start(self, desk: Desk) -> None:
        """Quote from the first timer on."""
        self._lots, self._limit_lots = desk.lots(self._size), desk.lots(self._limit)
        desk.wake(self._every_ms)

    def on_timer(self, desk: Desk, name: str) -> None:
        """Move the quotes that are no longer where they should be."""
        desk.wake(self._every_ms)
        book: LocalBook = desk.book
        if book.double_mid_ticks is None or book.best_bid is None or book.best_ask is None:
            return
        away = max(1, round(book.double_mid_ticks * self._away_bps / 20_000))
        # Never across the book: a post-only order would be refused.
        bid = min((book.double_mid_ticks - 2 * away) // 2, book.best_ask[0] - 1)
        ask = max((book.double_mid_ticks + 2 * away + 1) // 2, book.best_bid[0] + 1)
        self._quote(desk, "BUY", bid, desk.position_lots + self._lots <= self._limit_lots)
        self._quote(desk, "SELL", ask, desk.position_lots - self._lots >= -self._limit_lots)

    def on_order(self, desk: Desk, order: OwnOrder, report: ReportEvent) -> None:
        """Forget a quote that is closed; the next timer makes a new one."""
        if order.is_closed and self._quotes.get(order.side) is order:
            del self._quotes[order.side]

    def _quote(self, desk: Desk, side: str, price_ticks: int, is_wanted: bool) -> None:
        old = self._quotes.get(side)
        if old is not None:
            if not is_wanted or old.price_ticks != price_ticks:
                desk.cancel(old)
            return
        if is_wanted:
            place = desk.buy if side == "BUY" else desk.sell
            self._quotes[side] = place(self._lots, price_ticks, post_only=True)
