"""All that the gateway's endpoints work with."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.instruments import Instrument
from web.auth.api_key import KeyRing
from web.auth.door import Door
from web.auth.refusal_trail import RefusalTrail
from web.auth.seen_signatures import SeenSignatures
from web.exchange.desk import Desk
from web.feed.hub import Hub
from web.feed.reader import Feed
from web.limits.limiter import Limiter
from web.settings import GatewaySettings
from web.state.balances import Balances
from web.state.markets import Markets
from web.state.orders import OrderBooks


@dataclass(slots=True, kw_only=True)
class Gateway:
    """One process's parts; made by ``open_gateway``."""

    settings: GatewaySettings
    instruments: Mapping[str, Instrument]
    hub: Hub
    feed: Feed
    desk: Desk
    markets: Markets
    orders: OrderBooks
    balances: Balances
    door: Door
    keys: KeyRing
    seen: SeenSignatures
    refusals: RefusalTrail
    limiter: Limiter
