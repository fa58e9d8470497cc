"""Opens and closes the gateway's parts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from schemas.instruments import load_instruments
from web.auth.api_key import KeyRing
from web.auth.door import Door
from web.auth.refusal_trail import RefusalTrail
from web.auth.shared_signatures import make_signatures
from web.exchange.desk import Desk
from web.feed.hub import Hub
from web.feed.reader import Feed
from web.gateway import Gateway
from web.limits.limiter import Unlimited
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
    seen = make_signatures(settings)
    refusals = RefusalTrail(settings)
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
        yield Gateway(
            settings=settings,
            instruments=instruments,
            hub=hub,
            feed=feed,
            desk=desk,
            markets=markets,
            orders=orders,
            balances=balances,
            door=Door(keys, seen, refusals.note),
            keys=keys,
            seen=seen,
            refusals=refusals,
            limiter=Unlimited(),
        )
    finally:
        await feed.stop()
        await desk.close()
        await refusals.close()
        await seen.close()
