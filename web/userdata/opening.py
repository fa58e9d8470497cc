"""Chooses where listen keys are kept, and looks keys up there and at the door."""

from web.auth.door import Door
from web.auth.security import Security
from web.binance.errors import ERRORS, BinanceError
from web.settings import GatewaySettings
from web.userdata.listen_keys import ListenKeys, MemoryListenKeys
from web.userdata.redis_listen_keys import RedisListenKeys
from web.userdata.subscription import ByListenKey, Right

_NO_RIGHT = ERRORS["KEY"][0]


def open_listen_keys(settings: GatewaySettings) -> ListenKeys:
    """In Redis where there is one, so that all gateways know them; else in this process."""
    if settings.redis_url:
        return RedisListenKeys(settings.redis_url, settings.listen_key_seconds)
    return MemoryListenKeys(settings.listen_key_seconds)


class RightsCheck:
    """Whether what a subscription rests on still holds."""

    def __init__(self, door: Door, listen_keys: ListenKeys) -> None:
        self._door = door
        self._listen_keys = listen_keys

    async def is_good(self, right: Right) -> bool:
        """Whether the key was neither revoked nor has expired; raises if its store is away."""
        if isinstance(right, ByListenKey):
            return await self._listen_keys.account_of(right.listen_key) is not None
        try:
            await self._door.require_still(Security.USER_DATA, right.caller)
        except BinanceError as refused:
            if refused.code != _NO_RIGHT:
                raise
            return False
        return True
