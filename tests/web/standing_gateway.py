"""A gateway's parts without an exchange behind them: for what needs no commands."""

from functools import cache
from typing import Any, cast

from schemas.instruments import Instrument, load_instruments
from tests.web.memory_keys import MemoryKeys
from web.auth.door import Door
from web.feed.hub import Hub
from web.gateway import Gateway
from web.limits.limiter import Limiter, Unlimited
from web.settings import GatewaySettings
from web.state.balances import Balances
from web.state.markets import Markets
from web.state.orders import OrderBooks
from web.userdata.opening import RightsCheck, open_listen_keys
from web.userdata.user_data import UserData


@cache
def default_instruments() -> dict[str, Instrument]:
    """Read but once."""
    return load_instruments()


def standing_gateway(
    keys: MemoryKeys, *, limiter: Limiter | None = None, **settings: Any
) -> Gateway:
    """Everything but the feed and the desk: nothing comes from the log unless a test says it."""
    chosen = GatewaySettings(**settings)
    instruments = default_instruments()
    hub, door = Hub(), Door(keys)
    listen_keys = open_listen_keys(chosen)
    user_data = UserData(
        instruments,
        RightsCheck(door, listen_keys).is_good,
        check_seconds=chosen.key_check_seconds,
    )
    user_data.listen(hub)
    return Gateway(
        settings=chosen,
        instruments=instruments,
        hub=hub,
        feed=cast(Any, None),
        desk=cast(Any, None),
        markets=Markets(chosen, instruments),
        orders=OrderBooks(chosen.kept_orders),
        balances=Balances(),
        door=door,
        limiter=limiter or Unlimited(),
        listen_keys=listen_keys,
        user_data=user_data,
    )
