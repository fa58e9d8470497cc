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
from web.limits.limiter import Unlimited
from web.settings import GatewaySettings
from web.state.balances import Balances
from web.state.markets import Markets
from web.state.orders import OrderBooks
from web.userdata.opening import RightsCheck, open_listen_keys
from web.userdata.user_data import UserData


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
    door = Door(keys)
    listen_keys = open_listen_keys(settings)
    user_data = UserData(
        instruments,
        RightsCheck(door, listen_keys).is_good,
        check_seconds=settings.key_check_seconds,
    )
    user_data.listen(hub)
    desk = Desk(settings, hub)
    feed = Feed(settings, instruments, hub)
    try:
        await feed.start()
        user_data.start()
        yield Gateway(
            settings=settings,
            instruments=instruments,
            hub=hub,
            feed=feed,
            desk=desk,
            markets=markets,
            orders=orders,
            balances=balances,
            door=door,
            limiter=Unlimited(),
            listen_keys=listen_keys,
            user_data=user_data,
        )
    finally:
        await user_data.close()
        await listen_keys.disconnect()
        await feed.stop()
        await desk.close()
