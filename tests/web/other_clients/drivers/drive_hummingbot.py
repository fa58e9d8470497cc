"""hummingbot: its connector for Binance, driven by its clock, as the bot drives it."""

import asyncio
import re
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from hummingbot.connector.exchange.binance.binance_exchange import BinanceExchange
from hummingbot.core.clock import Clock, ClockMode
from hummingbot.core.data_type.common import OrderType
from hummingbot.core.event.event_forwarder import SourceInfoEventForwarder
from hummingbot.core.event.events import MarketEvent
from telling import tell

PAIR = "BTC-USDT"
QUANTITY = Decimal("0.001")
SECONDS = 90
HEARD = (
    *(MarketEvent.OrderFilled, MarketEvent.OrderCancelled, MarketEvent.OrderFailure),
    *(MarketEvent.BuyOrderCreated, MarketEvent.SellOrderCreated),
    *(MarketEvent.BuyOrderCompleted, MarketEvent.SellOrderCompleted),
)


class Driven:
    """The connector, and what it has told."""

    def __init__(self, key: str, secret: str) -> None:
        self.connector = BinanceExchange(key, secret, trading_pairs=[PAIR])
        self.events: list[tuple[str, Any]] = []
        # Kept: the connector holds its listeners weakly.
        self._forwarder = SourceInfoEventForwarder(self._note)
        for event in HEARD:
            self.connector.add_listener(event, self._forwarder)

    def _note(self, tag: int, _source: Any, event: Any) -> None:
        self.events.append((MarketEvent(tag).name, event))

    def ids(self, *names: str) -> set[str]:
        """Orders of which such an event was told."""
        return {event.order_id for name, event in self.events if name in names}

    async def until(self, is_it: Any, what: str) -> None:
        """Wait until it is so."""
        deadline = time.monotonic() + SECONDS
        while not is_it():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what}: {self.connector.status_dict} {self.events}")
            await asyncio.sleep(0.1)


async def drive(driven: Driven) -> dict[str, Any]:
    """Wait until it is ready, trade, cancel, and look at what it knows."""
    connector = driven.connector
    await driven.until(lambda: connector.ready, "ready")
    best = connector.get_price(PAIR, False), connector.get_price(PAIR, True)
    low = connector.quantize_order_price(PAIR, best[0] * Decimal("0.8"))
    high = connector.quantize_order_price(PAIR, best[1] * Decimal("1.2"))
    buy, sell = connector.buy, connector.sell
    taking = {
        buy(PAIR, QUANTITY, OrderType.MARKET, best[1]),
        sell(PAIR, QUANTITY, OrderType.MARKET, best[0]),
        buy(PAIR, QUANTITY, OrderType.LIMIT, high),
    }
    done = ("BuyOrderCompleted", "SellOrderCompleted")
    await driven.until(lambda: taking <= driven.ids(*done), "filled")
    waiting = {
        buy(PAIR, QUANTITY, OrderType.LIMIT, low),
        sell(PAIR, QUANTITY, OrderType.LIMIT_MAKER, high),
        buy(PAIR, QUANTITY, OrderType.LIMIT_MAKER, low),
    }
    created = ("BuyOrderCreated", "SellOrderCreated")
    await driven.until(lambda: waiting <= driven.ids(*created), "on the book")
    first, *_ = waiting
    connector.cancel(PAIR, first)
    await driven.until(lambda: first in driven.ids("OrderCancelled"), "canceled")
    canceled = await connector.cancel_all(20)
    await driven.until(lambda: waiting <= driven.ids("OrderCancelled"), "all canceled")
    # Bought twice and sold once; its money is told behind its reports.
    gained = Decimal(1_000_000) + QUANTITY * Decimal("0.998")
    await driven.until(
        lambda: (
            connector.available_balances["BTC"] == gained
            and connector.available_balances == connector.get_all_balances()
        ),
        "its money",
    )
    return {
        "taking": sorted(taking),
        "waiting": sorted(waiting),
        "canceled_all": [[each.order_id, each.success] for each in canceled],
        "prices": [str(each) for each in best],
        "book": look_at_book(connector),
        "last": await connector.get_last_traded_prices([PAIR]),
        "rule": str(connector.trading_rules[PAIR].min_price_increment),
        "balances": {asset: str(each) for asset, each in connector.get_all_balances().items()},
        "available": {asset: str(each) for asset, each in connector.available_balances.items()},
        "fills": [fill_of(event) for name, event in driven.events if name == "OrderFilled"],
        "failures": sorted(driven.ids("OrderFailure")),
    }


def fill_of(event: Any) -> dict[str, Any]:
    """A fill, as the log names its parts."""
    (fee,) = event.trade_fee.flat_fees
    return {
        "clientOrderId": event.order_id,
        "id": int(event.exchange_trade_id),
        "price": str(event.price),
        "qty": str(event.amount),
        "commission": str(fee.amount),
        "commissionAsset": fee.token,
        "orderId": int(event.exchange_order_id),
    }


def look_at_book(connector: BinanceExchange) -> dict[str, Any]:
    """Its own book, kept from the snapshot and the updates."""
    book = connector.get_order_book(PAIR)
    bids, asks = book.snapshot
    return {
        "uid": book.last_diff_uid,
        "snapshot_uid": book.snapshot_uid,
        "bids": bids[["price", "amount"]].values.tolist(),
        "asks": asks[["price", "amount"]].values.tolist(),
    }


async def main() -> None:
    """Run the clock until all is done, and tell."""
    text = Path(sys.argv[1]).read_text()
    (key,), (secret,) = re.findall(r"# API key: (.*)", text), re.findall(r"# Secret: *(.*)", text)
    driven = Driven(key, secret)
    clock = Clock(ClockMode.REALTIME, 1.0)
    clock.add_iterator(driven.connector)
    with clock:
        running = asyncio.create_task(clock.run_til(time.time() + 10 * SECONDS))
        try:
            seen = await drive(driven)
        finally:
            running.cancel()
            await driven.connector.stop_network()
    tell(seen)


if __name__ == "__main__":
    asyncio.run(main())
