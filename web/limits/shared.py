"""Counts that several gateways share, in Redis; and in memory while Redis is gone."""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from redis.exceptions import NoScriptError, RedisError

from web.limits.counting import MemoryCounters, Step, Verb
from web.shared_redis import redis_client

log = logging.getLogger(__name__)

_PREFIX = "tradeflow:limits:"
_STEPS_MAX = 2_000
_AGAIN_SECONDS = 0.5
_KEPT_LONGER_MS = 1_000
"""Clocks of gateways differ a little: a window is counted in until all of them are past it."""

_SCRIPT = """
local given = {}
for i, key in ipairs(KEYS) do
  local verb, number, left_ms = ARGV[3 * i - 2], tonumber(ARGV[3 * i - 1]), ARGV[3 * i]
  if verb == '+' then
    local count = redis.call('INCRBY', key, ARGV[3 * i - 1])
    if count == number then redis.call('PEXPIRE', key, left_ms) end
    given[i] = count
  else
    local mark = tonumber(redis.call('GET', key) or '0')
    if verb == '^' and number > mark then
      redis.call('SET', key, ARGV[3 * i - 1], 'PX', left_ms)
      mark = number
    end
    given[i] = mark
  end
end
return given
"""

_Waiting = tuple[Sequence[Step], "asyncio.Future[list[int]]"]


class SharedCounters:
    """Counts in Redis: what waits at the same time goes in one script, one round trip.

    What Redis says is remembered.  Without Redis this process goes on from there by itself, says so
    once, and tells Redis what it counted when that is back.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout_seconds: float,
        clock: Callable[[], int],
        on_round_trip: Callable[[float], None] = lambda seconds: None,
        on_fall_back: Callable[[], None] = lambda: None,
    ) -> None:
        """Nothing is asked of the server yet.

        Raises:
            ConfigError: the URL is none.
        """
        self._redis = redis_client(url, timeout_seconds=timeout_seconds)
        self._script = self._redis.register_script(_SCRIPT)
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._on_round_trip = on_round_trip
        self._on_fall_back = on_fall_back
        self._here = MemoryCounters()
        self._owed = MemoryCounters()
        self._waiting: deque[_Waiting] = deque()
        self._sending: asyncio.Task[None] | None = None
        self._returning: asyncio.Task[None] | None = None
        self.is_shared = False
        """Whether counts are Redis's now, not this process's alone."""

    async def open(self) -> None:
        """Find the server; one that is not there is looked for from then on."""
        try:
            await self._run([Step(Verb.READ, "hello")])
            self.is_shared = True
        except (RedisError, OSError, TimeoutError) as error:
            self._fall_back(error)

    async def close(self) -> None:
        """Say no more to the server."""
        for task in (self._sending, self._returning):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        self._give_all_here([])
        await self._redis.aclose()

    async def apply(self, steps: Sequence[Step]) -> list[int]:
        """Do these, with all others that wait."""
        if not self.is_shared:
            return self._do_here(steps)
        answer: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()
        self._waiting.append((steps, answer))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send())
        return await answer

    # ----------------------------------------------------------------------------------------------

    async def _send(self) -> None:
        while self._waiting:
            taken: list[_Waiting] = []
            count = 0
            while self._waiting and count < _STEPS_MAX:
                taken.append(self._waiting.popleft())
                count += len(taken[-1][0])
            if not self.is_shared:
                self._give_all_here(taken)
                return
            started = time.perf_counter()
            try:
                numbers = await self._run([step for steps, _ in taken for step in steps])
            except asyncio.CancelledError:
                self._give_all_here(taken)
                raise
            except (RedisError, OSError, TimeoutError) as error:
                self._fall_back(error)
                self._give_all_here(taken)
                return
            self._on_round_trip(time.perf_counter() - started)
            self._give(taken, numbers)

    def _give(self, taken: list[_Waiting], numbers: list[int]) -> None:
        at_ms, first = self._clock(), 0
        for steps, answer in taken:
            own = numbers[first : first + len(steps)]
            first += len(steps)
            for step, number in zip(steps, own, strict=True):
                if step.verb is Verb.ADD:
                    self._here.set(step.key, number, step.end_ms, at_ms)
                elif step.verb is Verb.RAISE:
                    self._here.raise_mark(step.key, number, step.end_ms, at_ms)
            if not answer.done():
                answer.set_result(own)

    def _give_all_here(self, taken: list[_Waiting]) -> None:
        for steps, answer in (*taken, *self._waiting):
            if not answer.done():
                answer.set_result(self._do_here(steps))
        self._waiting.clear()

    def _do_here(self, steps: Sequence[Step]) -> list[int]:
        at_ms = self._clock()
        for step in steps:
            if step.verb is not Verb.READ:
                self._owed.do(step, at_ms)
        return [self._here.do(step, at_ms) for step in steps]

    async def _run(self, steps: Sequence[Step]) -> list[int]:
        """One round trip; two where the server does not know the script yet."""
        at_ms = self._clock()
        keys = [_PREFIX + step.key for step in steps]
        arguments: list[Any] = []
        for verb, _, number, end_ms in steps:
            arguments += (verb.value, number, max(1, end_ms - at_ms) + _KEPT_LONGER_MS)
        async with asyncio.timeout(self._timeout_seconds):
            try:
                return list(
                    await self._redis.evalsha(self._script.sha, len(keys), *keys, *arguments)
                )
            except NoScriptError:
                return list(await self._redis.eval(_SCRIPT, len(keys), *keys, *arguments))

    def _fall_back(self, error: BaseException) -> None:
        self.is_shared = False
        if self._returning is None or self._returning.done():
            log.warning(
                "Redis does not answer (%s): each gateway counts what clients use by itself until"
                " it does",
                str(error) or type(error).__name__,
            )
            self._on_fall_back()
            self._returning = asyncio.create_task(self._return())

    async def _return(self) -> None:
        while not self.is_shared:
            await asyncio.sleep(_AGAIN_SECONDS)
            try:
                await self._run([Step(Verb.READ, "hello")])
                await self._pay()
            except (RedisError, OSError, TimeoutError):
                continue
            self.is_shared = True
        log.warning("Redis answers again: gateways count together what clients use")

    async def _pay(self) -> None:
        """Tell Redis what was counted here; what comes in meanwhile, too."""
        while owed := self._owed.take_all(self._clock()):
            while owed:
                try:
                    await self._run(owed[:_STEPS_MAX])
                except BaseException:
                    for step in owed:
                        self._owed.do(step, self._clock())
                    raise
                del owed[:_STEPS_MAX]
