"""Counts what clients use, refuses what is too much, and says it in the headers they look for."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from web.auth.caller import Caller
from web.binance.errors import BinanceError, error
from web.clock import now_ms
from web.limits.ban import Bans
from web.limits.counting import Counters, MemoryCounters, Step
from web.limits.rules import ERRORS, Counted, Mode, Rules
from web.limits.use import Headers, OrderCount, Use, weight_header


class Limiter:
    """Weight by address and key, orders by account; ``counters`` may be shared by gateways."""

    def __init__(
        self,
        rules: Rules,
        mode: Mode,
        counters: Counters,
        bans: Bans,
        *,
        clock: Callable[[], int] = now_ms,
        on_refusal: Callable[[str], None] = lambda limit: None,
    ) -> None:
        self.rules = rules
        self.mode: Mode = mode
        self._counters = counters
        self._bans = bans
        self._clock = clock
        self._on_refusal = on_refusal
        self._tasks: set[asyncio.Task[Any]] = set()
        self._memory = MemoryCounters()
        """What is known without asking anybody: all there is when nothing is refused."""

    def require_welcome(self, address: str) -> None:
        """Before any work for a request.

        Raises:
            BinanceError: the address is banned.
        """
        if self.mode != "off" and (until_ms := self._bans.until_ms(address)):
            raise self._banned(until_ms)

    async def take(
        self,
        *,
        address: str,
        caller: Caller | None,
        weight: int,
        orders: int = 0,
        is_free_when_done: bool = False,
    ) -> Use:
        """Count a request before it is carried out.

        ``is_free_when_done``: it weighs nothing unless its answer is an error; ``Use.failed`` says
        so.

        Raises:
            BinanceError: it is too much; its ``headers`` say when to come back.
        """
        now = self._clock()
        paid = 0 if is_free_when_done else weight
        own = self.rules.of_address(address, paid, now)
        placed = []
        if orders and caller is not None:
            placed = list(self.rules.of_account(caller.account_id, orders, now))
        if self.mode == "off":
            used = self._memory.do(own.step, now)
            counts = [self._memory.do(each.step, now) for each in placed]
            owed = [own.step._replace(number=weight)] if is_free_when_done else []
            return Use(
                self.rules.weight, used, list(map(OrderCount, placed, counts)), owed, self._give
            )
        self.require_welcome(address)
        others = self.rules.others(self.mode, address, caller, paid, now)
        return await self._take([own, *others, *placed], address, weight if not paid else 0)

    def headers(self, address: str) -> Headers:
        """How the address stands, as far as is known here: for an answer that nothing was counted
        for."""
        now = self._clock()
        step = self.rules.of_address(address, 0, now).step
        return [weight_header(self.rules.weight, self._memory.do(step, now))]

    async def orders_of(self, account_id: str) -> list[dict[str, Any]]:
        """How many orders the account has placed, as ``GET /api/v3/rateLimit/order`` says it."""
        now = self._clock()
        counted = list(self.rules.of_account(account_id, 0, now))
        if self.mode == "off":
            counts = [self._memory.do(each.step, now) for each in counted]
        else:
            counts = await self._counters.apply([each.step for each in counted])
        return [each.rule.as_json(count) for each, count in zip(counted, counts, strict=True)]

    async def settle(self) -> None:
        """Wait for what is counted behind the answers."""
        await asyncio.gather(*self._tasks)

    # ----------------------------------------------------------------------------------------------

    async def _take(self, counted: Sequence[Counted], address: str, owed: int) -> Use:
        steps = [each.step for each in counted]
        mark, *counts = await self._counters.apply([self._bans.step(address), *steps])
        now = self._clock()
        self._memory.set(steps[0].key, counts[0], steps[0].end_ms, now)
        placed = [
            OrderCount(each, count)
            for each, count in zip(counted, counts, strict=True)
            if each.limit == "orders"
        ]
        weights = [each.step for each in counted if each.limit in ("weight", "key weight")]
        unpaid = [step._replace(number=owed) for step in weights] if owed else []
        use = Use(self.rules.weight, counts[0], placed, unpaid, self._give)
        refused = self._judge(address, mark, counted, counts)
        if refused is not None:
            use.failed()
            refused.headers += use.headers()
            raise refused
        return use

    def _judge(
        self, address: str, mark: int, counted: Sequence[Counted], counts: Sequence[int]
    ) -> BinanceError | None:
        """The first limit that is passed, as an error."""
        if until_ms := self._bans.note(address, mark):
            return self._banned(until_ms)
        for (limit, rule, step), count in zip(counted, counts, strict=True):
            if count > rule.most:
                self._on_refusal(limit)
                if limit != "orders":
                    self._later(self._bans.count_refusal(address))
                refused = error(ERRORS[limit], limit=rule.most, window=rule.in_words)
                return self._come_back(refused, step.end_ms)
        return None

    def _banned(self, until_ms: int) -> BinanceError:
        self._on_refusal("ban")
        return self._come_back(error("BANNED", until=until_ms), until_ms)

    def _come_back(self, refused: BinanceError, at_ms: int) -> BinanceError:
        seconds = max(1, -(-(at_ms - self._clock()) // 1_000))
        refused.headers.append(("Retry-After", str(seconds)))
        return refused

    def _give(self, steps: Sequence[Step]) -> None:
        """Count what nobody waits for."""
        if self.mode == "off":
            now = self._clock()
            for step in steps:
                self._memory.do(step, now)
        else:
            self._later(self._counters.apply(steps))

    def _later(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
