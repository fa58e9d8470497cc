"""Opens and closes the gateway's parts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from schemas.instruments import load_instruments
from web.auth.api_key import KeyRing
from web.auth.door import Door
from web.exchange.desk import Desk
from web.feed.hub import Hub
from web.feed.reader import Feed
from web.gateway import Gateway
from web.limits.opening import open_limiter
from web.settings import GatewaySettings
from web.state.balances import Balances
from web.state.markets import Markets
from web.state.orders import OrderBooks


@asynccontextmanager
async def open_gateway(settings: GatewaySettings, keys: KeyRing) -> AsyncIterator[Gateway]:
    """A gateway that has read the log; closed when the block is left.

    Raises:
        GatewayError: it cannot start; it says what to do.
        InstrumentError: the file of instruments cannot be used.
    """
    instruments = load_instruments(settings.instruments)
    hub = Hub()
    markets = Markets(settings, instruments)
    orders, balances = OrderBooks(settings.kept_orders), Balances()
    # State first: whoever listens behind it finds it as new as the record.
    for state in (markets, orders, balances):
        state.listen(hub)
    desk = Desk(settings, hub)
    feed = Feed(settings, instruments, hub)
    try:
        await feed.start()
        async with open_limiter(settings) as (limiter, _shared):
            yield Gateway(
                settings=settings,
                instruments=instruments,
                hub=hub,
                feed=feed,
                desk=desk,
                markets=markets,
                orders=orders,
                balances=balances,
                door=Door(keys),
                limiter=limiter,
            )
    finally:
        await feed.stop()
        await desk.close()
