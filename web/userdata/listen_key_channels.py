"""Channels whose names are listen keys: an account's events beside the streams of markets."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from web.binance.user_events import listen_key_expired
from web.clock import now_ms
from web.fanout.fanout import Fanout
from web.fanout.message import Message
from web.userdata.event import Event
from web.userdata.listen_keys import ListenKeys, may_be_listen_key
from web.userdata.subscription import ByListenKey, Subscription
from web.userdata.user_data import UserData

_NORMAL = 1000


class ListenKeyChannels:
    """Fills a listen key's channel as long as somebody listens to it and the key is good."""

    def __init__(self, fanout: Fanout, listen_keys: ListenKeys, user_data: UserData) -> None:
        self._fanout = fanout
        self._listen_keys = listen_keys
        self._user_data = user_data
        self._expected: Mapping[str, str] = {}
        self._open: dict[str, Subscription] = {}
        fanout.add_source(self)

    async def look_up(self, names: Iterable[str]) -> tuple[dict[str, str], str]:
        """Whose the listen keys among these names are, and the first one that is nobody's, if any.

        Whoever makes keys up is refused for one, and many of them are not looked for.

        Raises:
            BinanceError: the store of the keys does not answer.
        """
        accounts: dict[str, str] = {}
        for name in filter(may_be_listen_key, names):
            account_id = await self._listen_keys.account_of(name)
            if account_id is None:
                return accounts, name
            accounts[name] = account_id
        return accounts, ""

    @contextmanager
    def expecting(self, accounts: Mapping[str, str]) -> Iterator[None]:
        """Within this, channels of these names are those accounts'."""
        self._expected = accounts
        try:
            yield
        finally:
            self._expected = {}

    # --- a source ---------------------------------------------------------------------------------

    def opened(self, name: str) -> None:
        """Somebody listens: let the account's events come."""
        account_id = self._expected.get(name)
        if account_id is not None:
            subscription = self._open[name] = Subscription(
                account_id=account_id,
                right=ByListenKey(name),
                deliver=lambda event: self._fanout.publish(name, Message(name, event.payload)),
                ended=lambda: self._end(name),
            )
            self._user_data.add(subscription)

    def closed(self, name: str) -> None:
        """Nobody listens any more."""
        subscription = self._open.pop(name, None)
        if subscription is not None:
            self._user_data.cancel(subscription)

    def current(self, _name: str) -> Iterable[Message]:
        """Nothing: what was is asked for elsewhere."""
        return ()

    def _end(self, name: str) -> None:
        expired = Event(listen_key_expired(name, now_ms()))
        self._fanout.publish(name, Message(name, expired.payload))
        self._fanout.end(name, _NORMAL, "The listenKey has expired.")
