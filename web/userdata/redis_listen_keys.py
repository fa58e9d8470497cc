"""Listen keys in Redis, so that each is good in every gateway."""

import logging
from collections.abc import Awaitable
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from web.binance.errors import error
from web.userdata.listen_keys import new_listen_key

log = logging.getLogger(__name__)

_SECONDS = 2.0
"""How long Redis may take to answer."""

# KEYS: the account's key, a new key's account.  ARGV: account, new key, life in ms, prefix.
_OPEN = """
local known = redis.call('GET', KEYS[1])
if known and redis.call('PEXPIRE', ARGV[4] .. known .. ':account', ARGV[3]) == 1 then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return known
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[3])
return ARGV[2]
"""
# KEYS: the account's key, the key's account.  ARGV: account, life in ms; 0: it ends now.
_CHANGE = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1
"""
_PREFIX = "listen-key:"


class RedisListenKeys:
    """Keys of all gateways that share a Redis; each key there ends by itself.

    ``account:<id>:listen-key`` is an account's key, ``listen-key:<key>:account`` whose one is.
    """

    def __init__(self, url: str, life_seconds: float) -> None:
        self._redis: Any = Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=_SECONDS,
            socket_connect_timeout=_SECONDS,
        )
        self._life_ms = int(life_seconds * 1_000)
        self._open = self._redis.register_script(_OPEN)
        self._change = self._redis.register_script(_CHANGE)

    async def open(self, account_id: str) -> str:
        """The account's key, new or as it is, good for its whole life from now on."""
        new = new_listen_key()
        keys = [_key_of(account_id), _account_of(new)]
        script = self._open(keys=keys, args=[account_id, new, self._life_ms, _PREFIX])
        return str(await _answer(script))

    async def extend(self, account_id: str, listen_key: str) -> bool:
        """Make it good for its whole life from now on; False: the account has no such key."""
        return await self._set_life(account_id, listen_key, self._life_ms)

    async def close(self, account_id: str, listen_key: str) -> bool:
        """Take it away; False: the account has no such key."""
        return await self._set_life(account_id, listen_key, 0)

    async def account_of(self, listen_key: str) -> str | None:
        """Whose key it is; None: nobody's, any more."""
        account_id = await _answer(self._redis.get(_account_of(listen_key)))
        return None if account_id is None else str(account_id)

    async def disconnect(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _set_life(self, account_id: str, listen_key: str, life_ms: int) -> bool:
        keys = [_key_of(account_id), _account_of(listen_key)]
        return bool(await _answer(self._change(keys=keys, args=[account_id, life_ms])))


def _key_of(account_id: str) -> str:
    return f"account:{account_id}:listen-key"


def _account_of(listen_key: str) -> str:
    return f"{_PREFIX}{listen_key}:account"


async def _answer(asked: Awaitable[Any]) -> Any:
    try:
        return await asked
    except (RedisError, OSError) as fault:
        log.warning("listen keys cannot be looked up in Redis: %s", fault)
        raise error("DISCONNECTED") from fault
