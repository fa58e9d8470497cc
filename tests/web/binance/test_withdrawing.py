"""Under one name money is taken out once, also while what was written down cannot be read."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlencode

from tests.web.memory_keys import MemoryKeys, key_of
from tests.web.offline_gateway import Answer, OfflineGateway
from tests.web.unique_moments import unique_ms
from web.auth.signing import sign

ALICE = key_of("alice")
APPLY = "/sapi/v1/capital/withdraw/apply"


class _Desk:
    """Notes what would be sent to the wallet."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def ask_wallet(self, _kind: str, command: Any, _actor: Any) -> dict[str, Any]:
        self.asked.append(command["command_id"])
        return {}


def withdraw(desk: _Desk, *, mysql_url: str | None, **named: str) -> Answer:
    """The answer of a gateway that has just been started, and whose MySQL is away."""
    keys = MemoryKeys()
    keys.add(ALICE)
    offline = OfflineGateway(keys=keys, mysql_url=mysql_url)
    offline.gateway.desk = cast(Any, desk)
    offline.gateway.feed = cast(Any, SimpleNamespace(is_cut_off=False, is_alive=True))
    terms = {"coin": "BTC", "amount": "1", "address": "x", "timestamp": unique_ms(), **named}
    query = urlencode(terms)
    signed = f"{query}&signature={sign(ALICE.secret, query.encode())}".encode()
    return asyncio.run(offline.call("POST", APPLY, signed, headers={"X-MBX-APIKEY": ALICE.key}))


def test_what_may_have_been_taken_out_before_is_not_taken_out_again() -> None:
    desk = _Desk()

    refused = withdraw(desk, mysql_url="mysql://a:b@127.0.0.1:1/c", withdrawOrderId="w-1")

    assert (refused.status, refused.json["code"]) == (503, -1001)
    assert desk.asked == []


def test_what_has_no_name_of_the_clients_is_new() -> None:
    desk = _Desk()

    assert withdraw(desk, mysql_url="mysql://a:b@127.0.0.1:1/c").status == 200
    assert len(desk.asked) == 1


def test_where_nothing_is_written_down_memory_says_what_was_done() -> None:
    desk = _Desk()

    assert withdraw(desk, mysql_url=None, withdrawOrderId="w-1").status == 200
    assert desk.asked == ["withdraw-w-1"]
