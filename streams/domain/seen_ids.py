"""Which numbers were seen: ranges of numbers that follow each other, so as a rule one."""

from collections.abc import Iterable
from typing import Final

from schemas.market_records import IdRange

RANGES_MAX: Final = 1_000
"""Gaps kept; of more, the numbers in the oldest one count as seen."""


class SeenIds:
    """A set of positive numbers that mostly come in order."""

    __slots__ = ("_firsts", "_lasts")

    def __init__(self, ranges: Iterable[IdRange] = ()) -> None:
        self._firsts = [each["first"] for each in ranges]
        self._lasts = [each["last"] for each in ranges]

    def add(self, number: int) -> bool:
        """Note a number; False if it was seen before."""
        firsts, lasts = self._firsts, self._lasts
        if not lasts or number > lasts[-1] + 1:
            firsts.append(number)
            lasts.append(number)
            self._forget()
            return True
        if number == lasts[-1] + 1:
            lasts[-1] = number
            return True
        return self._fill(number)

    def __contains__(self, number: int) -> bool:
        place = self._place(number)
        return place >= 0 and number <= self._lasts[place]

    def rows(self) -> list[IdRange]:
        """The ranges, lowest first."""
        return [
            {"first": first, "last": last}
            for first, last in zip(self._firsts, self._lasts, strict=True)
        ]

    def _place(self, number: int) -> int:
        """Of the last range that begins at ``number`` or before; -1: there is none."""
        place = len(self._firsts) - 1
        # A number that is late is late by little.
        while place >= 0 and self._firsts[place] > number:
            place -= 1
        return place

    def _fill(self, number: int) -> bool:
        firsts, lasts = self._firsts, self._lasts
        place = self._place(number)
        if place >= 0 and number <= lasts[place]:
            return False
        follows = place >= 0 and lasts[place] + 1 == number
        leads = place + 1 < len(firsts) and firsts[place + 1] == number + 1
        if follows and leads:
            lasts[place] = lasts.pop(place + 1)
            firsts.pop(place + 1)
        elif follows:
            lasts[place] = number
        elif leads:
            firsts[place + 1] = number
        else:
            firsts.insert(place + 1, number)
            lasts.insert(place + 1, number)
            self._forget()
        return True

    def _forget(self) -> None:
        if len(self._firsts) > RANGES_MAX:
            self._lasts.pop(0)
            self._firsts.pop(1)
