"""Signatures that every gateway knows of, by Redis; while it is away, each knows its own."""

import asyncio
import logging
import secrets
import time

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from web.auth.seen_signatures import MemorySignatures, SeenSignatures
from web.clock import now_ms
from web.settings import GatewaySettings
from web.shared_redis import redis_client

log = logging.getLogger(__name__)

_PREFIX = "tradeflow:signature:"
_ANSWER_SECONDS = 0.5
_RETRY_SECONDS = 1.0
_CHUNK = 1_000


def make_signatures(settings: GatewaySettings) -> SeenSignatures:
    """In Redis where one is configured, else in this process's memory alone.

    Raises:
        ConfigError: the URL is none.
    """
    memory = MemorySignatures(settings.kept_signatures)
    if not settings.redis_url:
        return memory
    client = redis_client(settings.redis_url, timeout_seconds=_ANSWER_SECONDS)
    return SharedSignatures(client, memory)


class SharedSignatures:
    """What was accepted by any gateway, as far as Redis answers.

    All are kept in memory as well: so those of this process are known when Redis goes away, and
    Redis is told of them when it comes back, empty perhaps.
    """

    def __init__(self, client: Redis, memory: MemorySignatures) -> None:
        self._client = client
        self._memory = memory
        self._waiting_for_it: asyncio.Task[None] | None = None
        self.times_away = 0
        """How often Redis went away."""

    @property
    def is_away(self) -> bool:
        """Whether Redis is away: what another gateway has seen would be accepted here."""
        return self._waiting_for_it is not None

    async def is_new(self, signature: str, until_ms: int) -> bool:
        """As ``SeenSignatures`` has it."""
        at_ms = now_ms()
        if not self._memory.note(signature, until_ms, at_ms):
            return False
        if self.is_away:
            return True
        try:
            return await self._set(_PREFIX + signature, max(1, until_ms - at_ms))
        except (RedisError, OSError, TimeoutError) as error:
            self._note_away(error)
            return True

    async def close(self) -> None:
        """Give the connections up."""
        if self._waiting_for_it is not None:
            self._waiting_for_it.cancel()
        await self._client.aclose()

    # ----------------------------------------------------------------------------------------------

    async def _set(self, name: str, milliseconds: int) -> bool:
        """Whether it was not there before; one that was is left as it is."""
        client, token = self._client, secrets.token_bytes(8)
        try:
            return await client.set(name, token, nx=True, px=milliseconds) is not None
        except RedisConnectionError:
            # Redis was away while nothing was asked, and this connection is of before.
            await client.connection_pool.disconnect(inuse_connections=False)
        if await client.set(name, token, nx=True, px=milliseconds) is not None:
            return True
        # The first of the two may have reached it.
        return bool(await client.get(name) == token)

    def _note_away(self, error: Exception) -> None:
        if self._waiting_for_it is None:
            self.times_away += 1
            log.error(
                "Redis does not answer: %s. A request that is sent again to another gateway is"
                " carried out again; to this one it is not",
                " ".join(str(error).split()).rstrip("."),
            )
            self._waiting_for_it = asyncio.create_task(self._wait_for_it())

    async def _wait_for_it(self) -> None:
        since = time.monotonic()
        while not await self._is_back():
            await asyncio.sleep(_RETRY_SECONDS)
        log.info("Redis is back after %.1f s", time.monotonic() - since)
        self._waiting_for_it = None

    async def _is_back(self) -> bool:
        """Tell Redis of all that came meanwhile, also of what comes while it is told."""
        told: set[str] = set()
        try:
            await self._client.ping()
            while todo := [each for each in self._memory.living(now_ms()) if each[0] not in told]:
                for start in range(0, len(todo), _CHUNK):
                    await self._tell(todo[start : start + _CHUNK])
                told.update(signature for signature, _ in todo)
        except (RedisError, OSError, TimeoutError):
            return False
        return True

    async def _tell(self, signatures: list[tuple[str, int]]) -> None:
        at_ms = now_ms()
        async with self._client.pipeline(transaction=False) as pipeline:
            for signature, until_ms in signatures:
                pipeline.set(_PREFIX + signature, b"", nx=True, px=max(1, until_ms - at_ms))
            await pipeline.execute()
