"""A gateway's parts without an exchange behind them: for what needs no commands."""

from functools import cache
from typing import Any

from schemas.instruments import Instrument, load_instruments
from tests.web.gateway_parts import door_of, gateway_of
from tests.web.memory_keys import MemoryKeys
from web.feed.hub import Hub
from web.gateway import Gateway
from web.limits.limiter import Limiter
from web.settings import GatewaySettings
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
    hub, door = Hub(), door_of(keys)
    listen_keys = open_listen_keys(chosen)
    user_data = UserData(
        instruments,
        RightsCheck(door, listen_keys).is_good,
        check_seconds=chosen.key_check_seconds,
    )
    user_data.listen(hub)
    return gateway_of(
        chosen,
        instruments=instruments,
        hub=hub,
        door=door,
        listen_keys=listen_keys,
        user_data=user_data,
        **({} if limiter is None else {"limiter": limiter}),
    )
