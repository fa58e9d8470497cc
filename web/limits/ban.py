"""Addresses that may not ask for a while: those that went on after they were told to stop."""

from collections.abc import Callable
from typing import NamedTuple

from web.limits.counting import Counters, Step, Verb

_TIMES = 100
_FORGIVEN_MS = 24 * 3_600 * 1_000
_KNOWN_MAX = 10_000
_WINDOW_MS = 60_000


class Ban(NamedTuple):
    """Until when, and the how-manieth; kept as one number, so that who is later wins."""

    until_ms: int
    times: int

    @property
    def mark(self) -> int:
        """The number."""
        return self.until_ms * _TIMES + min(self.times, _TIMES - 1)


def ban_of(mark: int) -> Ban:
    """The ban that a mark stands for; 0: none ever."""
    return Ban(*divmod(mark, _TIMES))


class Bans:
    """Counts refusals, and bans for twice as long each time, until a day went by without."""

    def __init__(
        self,
        counters: Counters,
        clock: Callable[[], int],
        *,
        after: int,
        first_ms: int,
        longest_ms: int,
    ) -> None:
        self._counters = counters
        self._clock = clock
        self._after = after
        self._first_ms, self._longest_ms = first_ms, longest_ms
        self._known: dict[str, int] = {}

    def step(self, address: str) -> Step:
        """Asks for the ban of an address; ``note`` takes the answer."""
        return Step(Verb.READ, f"ban:{address}")

    def note(self, address: str, mark: int) -> int:
        """Until when the address is banned, in ms; 0: it is not."""
        until_ms = mark // _TIMES
        if until_ms <= self._clock():
            return 0
        if len(self._known) >= _KNOWN_MAX:
            self._known.clear()
        self._known[address] = until_ms
        return until_ms

    def until_ms(self, address: str) -> int:
        """Until when the address is banned, as far as this process knows; 0: it is not."""
        until_ms = self._known.get(address, 0)
        if until_ms and until_ms <= self._clock():
            del self._known[address]
            return 0
        return until_ms

    async def count_refusal(self, address: str) -> None:
        """The address was told to stop; who goes on ``after`` times in a minute is banned."""
        window = self._clock() // _WINDOW_MS
        refused, mark = await self._counters.apply(
            [
                Step(Verb.ADD, f"refused:{window}:{address}", 1, (window + 1) * _WINDOW_MS),
                self.step(address),
            ]
        )
        if refused <= self._after or self.note(address, mark):
            return
        times = ban_of(mark).times + 1
        length_ms = min(self._longest_ms, self._first_ms * 2 ** (times - 1))
        ban = Ban(self._clock() + length_ms, times)
        step = Step(Verb.RAISE, f"ban:{address}", ban.mark, ban.until_ms + _FORGIVEN_MS)
        (mark,) = await self._counters.apply([step])
        self.note(address, mark)
