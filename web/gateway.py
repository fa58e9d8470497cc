"""All that the gateway's endpoints work with."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.instruments import Instrument
from web.auth.door import Door
from web.exchange.desk import Desk
from web.feed.hub import Hub
from web.feed.reader import Feed
from web.limits.limiter import Limiter
from web.settings import GatewaySettings
from web.state.account_history import AccountHistory
from web.state.balances import Balances
from web.state.history import History
from web.state.markets import Markets
from web.state.orders import OrderBooks
from web.state.transfers import Transfers


@dataclass(slots=True, kw_only=True)
class Gateway:
    """One process's parts; made by ``open_gateway``."""

    settings: GatewaySettings
    instruments: Mapping[str, Instrument]
    hub: Hub
    feed: Feed
    desk: Desk
    markets: Markets
    history: History
    orders: OrderBooks
    balances: Balances
    transfers: Transfers
    account_history: AccountHistory
    door: Door
    limiter: Limiter
