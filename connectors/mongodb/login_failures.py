"""When so many logins of one user failed within a minute that somebody must be told: pure.

Of each user the latest few failures are kept, so memory grows with users alone, and a user is
forgotten some minutes later.  A failure that comes again changes nothing.
"""

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

WINDOW_MS = 60_000
LIMIT = 5
"""More than so many failures within the window are a burst."""

FORGET_MS = 10 * WINDOW_MS
"""A user is forgotten when all others are so far ahead: no partition is that far behind."""

_FORGET_EVERY = 1_000


@dataclass(slots=True)
class _User:
    latest: list[tuple[int, str]] = field(default_factory=list)
    """The latest failures by time, with where each stands in the log; one more than the limit."""
    is_burst: bool = False


class LoginFailures:
    """The failures of all users."""

    def __init__(self) -> None:
        self._users: dict[str, _User] = {}
        self._clock_ms = 0
        self._added = 0

    def __len__(self) -> int:
        return len(self._users)

    @property
    def clock_ms(self) -> int:
        """The time of the latest failure."""
        return self._clock_ms

    def add(self, user: str, time_ms: int, position: str) -> bool:
        """Add a failure; whether a burst begins with it.

        A burst lasts while, at each of its failures, more than LIMIT are within WINDOW_MS of the
        latest one: then there is nothing new to tell.
        """
        self._clock_ms = max(self._clock_ms, time_ms)
        known = self._users.get(user)
        if known is None:
            known = self._users[user] = _User()
        if (time_ms, position) not in known.latest:
            insort(known.latest, (time_ms, position))
            del known.latest[: -LIMIT - 1]
        was_burst = known.is_burst
        latest_ms = known.latest[-1][0]
        known.is_burst = len(known.latest) > LIMIT and known.latest[0][0] > latest_ms - WINDOW_MS
        self._added += 1
        if self._added % _FORGET_EVERY == 0:
            self._forget()
        return known.is_burst and not was_burst

    def since(self, user: str) -> int:
        """The time of the first failure of a user's burst."""
        return self._users[user].latest[0][0]

    def _forget(self) -> None:
        horizon = self._clock_ms - FORGET_MS
        self._users = {
            user: known for user, known in self._users.items() if known.latest[-1][0] > horizon
        }

    def to_state(self) -> list[dict[str, Any]]:
        """All of it, as plain values."""
        return [
            {
                "user": user,
                "failures": [{"time_ms": time_ms, "at": at} for time_ms, at in known.latest],
                "is_burst": known.is_burst,
            }
            for user, known in self._users.items()
        ]

    @classmethod
    def from_state(cls, state: Iterable[dict[str, Any]]) -> "LoginFailures":
        """What ``to_state`` gave."""
        failures = cls()
        for each in state:
            latest = [(int(one["time_ms"]), str(one["at"])) for one in each["failures"]]
            failures._users[each["user"]] = _User(latest, bool(each["is_burst"]))
            failures._clock_ms = max(failures._clock_ms, latest[-1][0])
        return failures
