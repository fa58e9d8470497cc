"""All that the gateway's endpoints work with."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.instruments import Instrument
from web.auth.api_key import KeyRing
from web.auth.door import Door
from web.auth.refusal_trail import RefusalTrail
from web.auth.seen_signatures import SeenSignatures
from web.exchange.desk import Desk
from web.fanout.fanout import Fanout
from web.feed.hub import Hub
from web.feed.reader import Feed
from web.health.probes import Probes
from web.limits.limiter import Limiter
from web.metrics import Metrics
from web.settings import GatewaySettings
from web.state.account_history import AccountHistory
from web.state.balances import Balances
from web.state.history import History
from web.state.markets import Markets
from web.state.order_lists import OrderLists
from web.state.orders import OrderBooks
from web.state.transfers import Transfers
from web.userdata.listen_keys import ListenKeys
from web.userdata.user_data import UserData


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
    order_lists: OrderLists
    balances: Balances
    transfers: Transfers
    account_history: AccountHistory
    door: Door
    keys: KeyRing
    seen: SeenSignatures
    refusals: RefusalTrail
    limiter: Limiter
    fanout: Fanout
    listen_keys: ListenKeys
    user_data: UserData
    probes: Probes
    metrics: Metrics
