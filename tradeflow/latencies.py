"""Latencies in buckets of 1 % relative width: percentiles of any number in bounded memory."""

from collections import Counter
from collections.abc import Iterator
from math import ceil, exp, floor, log, log10

_WIDTH = log(1.01)
_LEAST_SECONDS = 1e-6


class Latencies:
    """How long things took, in seconds."""

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self.count = 0
        self.max_seconds = 0.0

    def add(self, seconds: float) -> None:
        """Take one measurement in."""
        self._buckets[round(log(max(seconds, _LEAST_SECONDS)) / _WIDTH)] += 1
        self.count += 1
        self.max_seconds = max(self.max_seconds, seconds)

    def percentile(self, percent: float) -> float:
        """The value that ``percent`` % of the measurements do not exceed, within 1 %."""
        rank = max(1, ceil(self.count * percent / 100))
        seen = 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= rank:
                return min(exp(bucket * _WIDTH), self.max_seconds)
        return 0.0

    def histogram(self, per_decade: int = 5) -> Iterator[tuple[float, int]]:
        """(upper bound in seconds, count) in logarithmic buckets without a hole between them."""
        coarse: Counter[int] = Counter()
        for bucket, count in self._buckets.items():
            coarse[floor(log10(exp(bucket * _WIDTH)) * per_decade)] += count
        for step in range(min(coarse, default=0), max(coarse, default=-1) + 1):
            yield 10 ** ((step + 1) / per_decade), coarse[step]
