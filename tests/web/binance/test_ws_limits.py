"""Limits over the WebSocket API."""

from tests.web.binance.talk import ALICE, Talk, signed
from web.auth.caller import Caller
from web.binance.errors import BinanceError, error
from web.limits.limiter import Headers


class Counting:
    """A limiter that lets three through and then says when to come back."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str | None, int]] = []

    async def take(
        self, *, address: str, caller: Caller | None, weight: int, orders: int
    ) -> Headers:
        self.taken.append((address, caller.account_id if caller else None, weight))
        used: Headers = [
            ("X-MBX-USED-WEIGHT-1M", str(len(self.taken))),
            ("X-MBX-ORDER-COUNT-10S", str(orders)),
        ]
        if len(self.taken) > 4:
            refused: BinanceError = error("BANNED", until="tomorrow")
        elif len(self.taken) > 3:
            refused = error("TOO_MUCH_WEIGHT", limit=3, window="1 MINUTE")
        else:
            return used
        refused.headers = [*used, ("Retry-After", "30")]
        raise refused


def test_counts_weight_and_says_what_is_used() -> None:
    limiter = Counting()
    talk = Talk(limiter=limiter)

    answer = talk.ask("ping")
    talk.ask("whoami", **signed(ALICE))
    talk.ask("session.status")

    assert answer["rateLimits"] == [
        {
            "rateLimitType": "REQUEST_WEIGHT",
            "interval": "MINUTE",
            "intervalNum": 1,
            "limit": 6_000,
            "count": 1,
        },
        {
            "rateLimitType": "ORDERS",
            "interval": "SECOND",
            "intervalNum": 10,
            "limit": 100,
            "count": 0,
        },
    ]
    assert limiter.taken == [
        ("192.0.2.7", None, 1),
        ("192.0.2.7", "alice", 1),
        ("192.0.2.7", None, 2),
    ]


def test_says_when_to_come_back_and_parts_with_who_is_banned() -> None:
    talk = Talk(limiter=Counting())
    for _ in range(3):
        talk.ask("ping")

    much = talk.ask("ping")
    assert (much["status"], much["error"]["code"]) == (429, -1003)
    data = much["error"]["data"]
    assert data["retryAfter"] - data["serverTime"] == 30_000
    assert talk.line.closed is None

    assert talk.ask("ping")["status"] == 418
    assert talk.line.closed is not None
