"""The user data that one connection of the WebSocket API has subscribed to."""

from collections.abc import Callable
from dataclasses import dataclass

from web.auth.caller import Caller
from web.binance.errors import error
from web.binance.user_events import stream_terminated
from web.clock import now_ms
from web.fanout.message import Message
from web.userdata.event import Event
from web.userdata.subscription import ByApiKey, Subscription
from web.userdata.user_data import UserData

ACTIVE_MAX = 1_000
IDS_MAX = 65_535


@dataclass(slots=True)
class _Active:
    subscription: Subscription
    is_by_logon: bool


class Subscriptions:
    """By their ids, which are counted up and never used again; one for each account."""

    def __init__(self, user_data: UserData, send: Callable[[Message], None]) -> None:
        self._user_data = user_data
        self._send = send
        self._active: dict[int, _Active] = {}
        self._accounts: set[str] = set()
        self._next_id = 0

    @property
    def ids(self) -> list[int]:
        """Those that are active."""
        return list(self._active)

    def add(self, caller: Caller, *, is_by_logon: bool) -> int:
        """Send the events of the caller's account from now on, under the id that is given back.

        Raises:
            BinanceError: there is one already, or there were too many.
        """
        account_id = caller.account_id
        if account_id in self._accounts:
            raise error("SUBSCRIBED")
        if self._next_id >= IDS_MAX:
            raise error("SUBSCRIPTION_IDS")
        if len(self._active) >= ACTIVE_MAX:
            raise error("TOO_MANY_SUBSCRIPTIONS", most=ACTIVE_MAX)
        number, self._next_id = self._next_id, self._next_id + 1
        subscription = Subscription(
            account_id=account_id,
            right=ByApiKey(caller),
            deliver=lambda event: self._deliver(number, event),
            ended=lambda: self._end(number),
        )
        self._active[number] = _Active(subscription, is_by_logon)
        self._accounts.add(account_id)
        self._user_data.add(subscription)
        return number

    def end(self, number: int) -> bool:
        """End one, and tell it; False: there is no such one."""
        if number not in self._active:
            return False
        self._user_data.cancel(self._active[number].subscription)
        self._end(number)
        return True

    def end_of_logon(self) -> None:
        """End those that rest on the logon."""
        for number in [n for n, active in self._active.items() if active.is_by_logon]:
            self.end(number)

    def close(self) -> None:
        """Nobody is there to be told any more."""
        for active in self._active.values():
            self._user_data.cancel(active.subscription)
        self._active.clear()
        self._accounts.clear()

    def _end(self, number: int) -> None:
        active = self._active.pop(number)
        self._accounts.discard(active.subscription.account_id)
        self._deliver(number, Event(stream_terminated(now_ms())))

    def _deliver(self, number: int, event: Event) -> None:
        self._send(event.under(number))
