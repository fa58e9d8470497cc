"""Two moving averages of the trades' prices: long while the fast one is above the slow one."""

from streams.domain.events import ReportEvent, TradeEvent
from tradeflow.backtest.desk import Desk
from tradeflow.backtest.own_order import OwnOrder
from tradeflow.backtest.strategy import Strategy


class MovingAverages(Strategy):
    """Buys at the market when the averages cross upwards, sells when they cross back.

    ``size`` is the quantity as decimal text; ``fast`` and ``slow`` are how many trades the
    averages (exponential ones) remember.
    """

    def __init__(self, size: str = "0.01", fast: str = "50", slow: str = "200") -> None:
        self._size = size
        self._shares = 2 / (int(fast) + 1), 2 / (int(slow) + 1)
        self._warm_up = int(slow)
        self._averages: tuple[float, float] | None = None
        self._trades = 0
        self._order: OwnOrder | None = None
        self._bought_lots = 0

    def on_trade(self, desk: Desk, trade: TradeEvent) -> None:
        """Move the averages, and act where they have crossed."""
        price = float(trade.price_ticks)
        fast, slow = self._averages or (price, price)
        fast += (price - fast) * self._shares[0]
        slow += (price - slow) * self._shares[1]
        self._averages = fast, slow
        self._trades += 1
        if self._trades < self._warm_up or self._order is not None:
            return
        if fast > slow and not self._bought_lots:
            self._order = desk.buy(self._size)
        elif fast < slow and self._bought_lots:
            self._order = desk.sell(self._bought_lots)

    def on_order(self, desk: Desk, order: OwnOrder, report: ReportEvent) -> None:
        """Note what was bought or sold, and wait for the next crossing."""
        if report.execution_type == "TRADE":
            sign = 1 if order.side == "BUY" else -1
            self._bought_lots += sign * report.last_quantity_lots
        if order.is_closed:
            self._order = None
