"""Streams whose names are listen keys: for whoever serves ``/ws`` and ``/stream``."""

from collections.abc import Callable

from web.binance.user_events import listen_key_expired
from web.clock import now_ms
from web.userdata.event import Event
from web.userdata.listen_keys import ListenKeys, may_be_listen_key
from web.userdata.subscription import ByListenKey, Subscription
from web.userdata.user_data import UserData

Close = Callable[[], None]


class PrivateStreams:
    """Opens an account's events by a stream's name."""

    def __init__(self, listen_keys: ListenKeys, user_data: UserData) -> None:
        self._listen_keys = listen_keys
        self._user_data = user_data

    async def open(
        self, name: str, deliver: Callable[[Event], None], ended: Callable[[], None]
    ) -> Close | None:
        """Deliver the events of the account that this listen key belongs to.

        ``ended`` is called when the key was taken away or has expired; the last event says so.
        Returns what ends it before; None: it is no listen key, or no good one.

        Raises:
            BinanceError: the store of the keys does not answer.
        """
        if not may_be_listen_key(name):
            return None
        account_id = await self._listen_keys.account_of(name)
        if account_id is None:
            return None

        def end() -> None:
            deliver(Event(listen_key_expired(name, now_ms())))
            ended()

        subscription = Subscription(
            account_id=account_id, right=ByListenKey(name), deliver=deliver, ended=end
        )
        self._user_data.add(subscription)
        return lambda: self._user_data.cancel(subscription)
