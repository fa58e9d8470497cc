"""nautilus_trader: a node with Binance's clients for data and executions, and one strategy."""

import asyncio
from decimal import Decimal
from typing import Any

from nautilus_trader.adapters.binance import (
    BINANCE,
    BinanceLiveDataClientFactory,
    BinanceLiveExecClientFactory,
)
from nautilus_trader.config import LoggingConfig, TradingNodeConfig
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import BookType, OrderSide, TimeInForce
from nautilus_trader.model.events import OrderEvent, OrderFilled
from nautilus_trader.model.identifiers import InstrumentId, TraderId
from nautilus_trader.trading.strategy import Strategy
from telling import pasted, tell

INSTRUMENT = InstrumentId.from_str("BTCUSDT.BINANCE")
BARS = BarType.from_str("BTCUSDT.BINANCE-1-SECOND-LAST-EXTERNAL")
QUANTITY = Decimal("0.001")
SECONDS = 120


class Looker(Strategy):
    """Looks at everything, and trades once it has a price; notes what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, list[Any]] = {
            name: [] for name in ("quotes", "trades", "bars", "deltas", "events", "fills")
        }
        self.instrument: dict[str, Any] = {}
        self.waiting: set[str] = set()

    def on_start(self) -> None:
        """Subscribe to all there is."""
        self.instrument = self.cache.instrument(INSTRUMENT).to_dict(
            self.cache.instrument(INSTRUMENT)
        )
        self.subscribe_quote_ticks(INSTRUMENT)
        self.subscribe_trade_ticks(INSTRUMENT)
        self.subscribe_bars(BARS)
        self.subscribe_order_book_deltas(INSTRUMENT, BookType.L2_MBP)

    def on_quote_tick(self, tick: Any) -> None:
        """Trade with the first one."""
        self.seen["quotes"].append([str(tick.bid_price), str(tick.ask_price)])
        if len(self.seen["quotes"]) == 1:
            self.trade(Decimal(str(tick.bid_price)), Decimal(str(tick.ask_price)))

    def on_trade_tick(self, tick: Any) -> None:
        """Note it."""
        self.seen["trades"].append([int(str(tick.trade_id)), str(tick.price), str(tick.size)])

    def on_bar(self, bar: Any) -> None:
        """Note it."""
        self.seen["bars"].append([str(bar.open), str(bar.close), str(bar.volume), bar.ts_event])

    def on_order_book_deltas(self, deltas: Any) -> None:
        """Note it, and that the node's own book is none that crosses."""
        book = self.cache.order_book(INSTRUMENT)
        best = [str(book.best_bid_price()), str(book.best_ask_price())]
        self.seen["deltas"].append([deltas.sequence, best])

    def on_order_event(self, event: OrderEvent) -> None:
        """Note it; an order that waits is canceled."""
        name = type(event).__name__
        self.seen["events"].append([str(event.client_order_id), name, getattr(event, "reason", "")])
        order = self.cache.order(event.client_order_id)
        if isinstance(event, OrderFilled):
            self.seen["fills"].append(
                {
                    "orderId": int(str(event.venue_order_id)),
                    "id": int(str(event.trade_id)),
                    "price": str(event.last_px),
                    "qty": str(event.last_qty),
                    "commission": str(event.commission.as_decimal()),
                    "commissionAsset": str(event.commission.currency),
                }
            )
        elif name == "OrderAccepted" and str(event.client_order_id) in self.waiting:
            self.cancel_order(order)
        # It is told of orders before they are in the cache.
        if order is not None and order.is_closed:
            self.waiting.discard(str(event.client_order_id))

    def trade(self, bid: Decimal, ask: Decimal) -> None:
        """An order of each type that Binance's adapter knows."""
        instrument = self.cache.instrument(INSTRUMENT)
        make, quantity = self.order_factory, instrument.make_qty(QUANTITY)
        low, high = instrument.make_price(bid * 8 / 10), instrument.make_price(ask * 12 / 10)
        here, buy, sell = INSTRUMENT, OrderSide.BUY, OrderSide.SELL
        taking = [
            make.market(here, buy, quantity),
            make.limit(here, buy, quantity, high, time_in_force=TimeInForce.IOC),
            make.limit(here, sell, quantity, low, time_in_force=TimeInForce.FOK),
        ]
        waiting = [
            make.limit(here, buy, quantity, low),
            make.limit(here, sell, quantity, high, post_only=True),
            make.stop_limit(here, buy, quantity, high, high),
            make.limit_if_touched(here, sell, quantity, high, high),
        ]
        self.waiting = {str(order.client_order_id) for order in (*taking, *waiting)}
        for order in (*taking, *waiting):
            self.submit_order(order)

    @property
    def is_done(self) -> bool:
        """Whether it has seen some of everything, and no order is open."""
        looked = ("quotes", "trades", "bars", "deltas", "fills")
        return not self.waiting and all(len(self.seen[name]) >= 3 for name in looked)


def balances(node: TradingNode) -> dict[str, list[str]]:
    """Free and locked by asset."""
    account = node.cache.account_for_venue(INSTRUMENT.venue)
    return {
        str(asset): [str(each.free.as_decimal()), str(each.locked.as_decimal())]
        for asset, each in account.balances().items()
    }


def main() -> None:
    """Run the node until the strategy is done, and tell."""
    names = pasted()
    node = TradingNode(
        config=TradingNodeConfig(
            trader_id=TraderId("LOOKER-001"),
            logging=LoggingConfig(log_level="INFO", log_colors=False),
            data_clients={BINANCE: names["data"]},
            exec_clients={BINANCE: names["execution"]},
            timeout_disconnection=5.0,
            timeout_post_stop=1.0,
        )
    )
    looker = Looker()
    node.trader.add_strategy(looker)
    node.add_data_client_factory(BINANCE, BinanceLiveDataClientFactory)
    node.add_exec_client_factory(BINANCE, BinanceLiveExecClientFactory)
    node.build()

    async def run() -> dict[str, Any]:
        running = asyncio.create_task(node.run_async())
        try:
            async with asyncio.timeout(SECONDS):
                while not looker.is_done:
                    await asyncio.sleep(0.1)
        except TimeoutError:
            looker.log.error(f"still waits: {looker.waiting}")
        # The last order's money is told behind its report.
        async with asyncio.timeout(10):
            while any(float(locked) for _, locked in balances(node).values()):
                await asyncio.sleep(0.1)
        orders = [
            {"orderId": int(str(each.venue_order_id)), "status": each.status_string()}
            | {"executedQty": str(each.filled_qty), "type": each.type_string()}
            for each in node.cache.orders()
        ]
        await node.stop_async()
        await running
        return {"balances": balances(node), "orders": orders}

    try:
        seen = node.get_event_loop().run_until_complete(run())
    finally:
        node.dispose()
    tell({**looker.seen, **seen, "instrument": looker.instrument, "done": looker.is_done})


if __name__ == "__main__":
    main()
