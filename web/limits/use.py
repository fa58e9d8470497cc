"""What one request used, and what its answer says of it."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from web.limits.counting import Step
from web.limits.rule import Rule
from web.limits.rules import Counted

Headers = list[tuple[str, str]]
Give = Callable[[Sequence[Step]], None]


class OrderCount(NamedTuple):
    """How many orders an account has placed in a window, with those of this request."""

    counted: Counted
    placed: int


class Use:
    """A request that was let in: carry it out, say if it failed, then show the headers."""

    __slots__ = ("_give", "_orders", "_owed", "_rule", "weight")

    def __init__(
        self,
        rule: Rule,
        weight: int,
        orders: Sequence[OrderCount],
        owed: Sequence[Step],
        give: Give,
    ) -> None:
        self.weight = weight
        """Of the address in this window, with this request."""
        self._rule = rule
        self._orders: Sequence[OrderCount] = orders
        self._owed: Sequence[Step] = owed
        """Its weights, where they count only if it fails; the address's is the first."""
        self._give = give

    def failed(self, *, is_unknown: bool = False) -> None:
        """It was refused: it weighs after all, and its orders do not count.

        ``is_unknown``: whether it was carried out is not known, so its orders do.
        """
        steps = [*self._owed]
        if steps:
            self.weight += steps[0].number
        if not is_unknown:
            steps += [_taken_back(counted.step) for counted, _ in self._orders]
        self._orders, self._owed = (), ()
        if steps:
            self._give(steps)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """The headers, one by one."""
        return iter(self.headers())

    def headers(self) -> Headers:
        """Those of the answer."""
        headers = [weight_header(self._rule, self.weight)]
        for counted, count in self._orders:
            headers.append((counted.rule.header, str(count)))
        return headers


def weight_header(rule: Rule, weight: int) -> tuple[str, str]:
    """What an address has used in this window."""
    return rule.header, str(weight)


def _taken_back(step: Step) -> Step:
    return step._replace(number=-step.number)
