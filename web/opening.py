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
from web.state.account_history import AccountHistory, NoAccountHistory
from web.state.balances import Balances
from web.state.history import History, NoHistory
from web.state.markets import Markets
from web.state.mysql_account_history import MysqlAccountHistory
from web.state.mysql_history import MysqlHistory
from web.state.orders import OrderBooks
from web.state.transfers import Transfers


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
    transfers = Transfers(settings.kept_orders)
    url = settings.mysql_url
    history: History = (
        NoHistory() if url is None else MysqlHistory(url.get_secret_value(), instruments)
    )
    account_history: AccountHistory = (
        NoAccountHistory() if url is None else MysqlAccountHistory(url.get_secret_value())
    )
    # State first: whoever listens behind it finds it as new as the record.
    for state in (markets, orders, balances, transfers):
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
            history=history,
            orders=orders,
            balances=balances,
            transfers=transfers,
            account_history=account_history,
            door=Door(keys),
            limiter=Unlimited(),
        )
    finally:
        await feed.stop()
        await desk.close()
        await history.close()
        await account_history.close()
