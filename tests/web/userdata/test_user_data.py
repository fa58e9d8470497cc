"""Who hears of what."""

import asyncio
from typing import Any

import pytest

from tests.web.standing_gateway import default_instruments
from tests.web.userdata.listener import Listener
from tests.web.userdata.records import FILL, received_report, received_wallet
from web.feed.hub import Hub
from web.userdata.subscription import ByListenKey, Right
from web.userdata.user_data import UserData


class Standing:
    """User data behind a hub; rights are good unless they are in ``lost``."""

    def __init__(self) -> None:
        self.lost: set[str] = set()
        self.is_store_away = False
        self.hub = Hub()
        self.user_data = UserData(default_instruments(), self._is_good, check_seconds=0.01)
        self.user_data.listen(self.hub)

    def listener(self, *args: Any, **kwargs: Any) -> Listener:
        made = Listener(*args, **kwargs)
        self.user_data.add(made.subscription)
        return made

    async def _is_good(self, right: Right) -> bool:
        if self.is_store_away:
            raise ConnectionError("no store")
        assert isinstance(right, ByListenKey)
        return right.listen_key not in self.lost


def test_each_hears_of_its_own_account_in_the_order_of_the_log() -> None:
    standing = Standing()
    alice, bob = standing.listener("alice"), standing.listener("bob")

    standing.hub.publish(
        [
            received_report(),
            received_report(account_id="bob", **FILL),
            received_wallet("FundsReservedEvent"),
            received_report(**FILL),
            received_wallet("FundsDepositedEvent", account_id="carol"),
        ]
    )

    assert alice.kinds == ["NEW", "outboundAccountPosition", "TRADE"]
    assert bob.kinds == ["TRADE"]


def test_all_listeners_of_an_account_get_the_same_text() -> None:
    standing = Standing()
    first, second = standing.listener("alice"), standing.listener("alice")

    standing.hub.publish([received_report()])

    (one,), (other,) = first.heard, second.heard
    assert one is other
    assert one.under(0) is other.under(0)
    assert one.plain().encoded(0) is other.plain().encoded(0)
    assert one.under(3).encoded(0) == b'{"subscriptionId":3,"event":%b}' % one.plain().encoded(0)


def test_answers_to_whoever_asked_are_no_events() -> None:
    standing = Standing()
    alice = standing.listener("alice", hears_refusals=True)

    for kind in ("CANCEL_REJECTED", "AMEND_REJECTED", "ORDER_STATUS", "STATUS_CHANGED"):
        standing.hub.publish([received_report(execution_type=kind)])
    standing.hub.publish([received_report(symbol="NOSUCH")])

    assert alice.heard == []


def test_refusals_are_told_to_who_asks_for_them_and_behind_a_cancel() -> None:
    standing = Standing()
    quiet, curious = standing.listener("alice"), standing.listener("alice", hears_refusals=True)
    refused: dict[str, Any] = {"execution_type": "REJECTED", "order_status": "REJECTED"}
    cancelled: dict[str, Any] = {"execution_type": "CANCELED", "order_status": "CANCELED"}

    standing.hub.publish(
        [
            received_report(**refused, command_id="a"),
            received_report(**cancelled, command_id="b~c"),
            received_report(**refused, command_id="b"),
            received_report(**refused, command_id="c"),
        ]
    )

    assert quiet.kinds == ["CANCELED", "REJECTED"]
    assert curious.kinds == ["REJECTED", "CANCELED", "REJECTED", "REJECTED"]


def test_says_how_much_each_prevented_match_took_off() -> None:
    standing = Standing()
    alice = standing.listener("alice")
    prevented: dict[str, Any] = {"execution_type": "TRADE_PREVENTION", "last_price_ticks": 100}

    standing.hub.publish(
        [
            received_report(**prevented, prevented_quantity_lots=300),
            received_report(**FILL, prevented_quantity_lots=300),
            received_report(**prevented, prevented_quantity_lots=1_000, leaves_quantity_lots=0),
        ]
    )

    assert [each.payload["B"] for each in alice.heard if "B" in each.payload] == [
        "0.00300000",
        "0.00700000",
    ]


def test_who_has_cancelled_hears_no_more() -> None:
    standing = Standing()
    alice, other = standing.listener("alice"), standing.listener("alice")

    standing.user_data.cancel(alice.subscription)
    standing.user_data.cancel(alice.subscription)
    standing.hub.publish([received_report()])

    assert (alice.kinds, other.kinds, alice.ends) == ([], ["NEW"], 0)
    standing.user_data.cancel(other.subscription)
    assert standing.user_data.listeners == 0


def test_a_listener_may_cancel_while_it_is_told() -> None:
    standing = Standing()
    second = Listener("alice")
    first = Listener("alice")
    first.subscription.deliver = lambda _event: standing.user_data.cancel(second.subscription)
    standing.user_data.add(first.subscription)
    standing.user_data.add(second.subscription)

    standing.hub.publish([received_report(), received_report()])

    assert second.kinds == ["NEW"]


def test_ends_what_rests_on_a_lost_key() -> None:
    standing = Standing()
    kept, lost = standing.listener("alice", "good"), standing.listener("alice", "bad")
    standing.lost.add("bad")

    asyncio.run(standing.user_data.check())
    asyncio.run(standing.user_data.check())
    standing.hub.publish([received_report()])

    assert (kept.ends, lost.ends) == (0, 1)
    assert (kept.kinds, lost.kinds) == (["NEW"], [])


def test_nobody_loses_a_stream_because_a_store_is_away(caplog: pytest.LogCaptureFixture) -> None:
    standing = Standing()
    alice = standing.listener("alice")
    standing.is_store_away = True

    asyncio.run(standing.user_data.check())

    assert alice.ends == 0
    assert "no store" in caplog.text


def test_looks_again_and_again() -> None:
    async def watch() -> None:
        standing = Standing()
        lost = standing.listener("alice", "bad")
        standing.user_data.start()
        standing.lost.add("bad")
        async with asyncio.timeout(10):
            while not lost.ends:
                await asyncio.sleep(0.001)
        await standing.user_data.close()

    asyncio.run(watch())
