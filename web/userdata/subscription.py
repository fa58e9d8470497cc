"""Who hears of an account, and by what right."""

from collections.abc import Callable
from dataclasses import dataclass

from web.auth.caller import Caller
from web.userdata.event import Event


@dataclass(frozen=True, slots=True)
class ByApiKey:
    """A subscription lives as long as the key of who has subscribed."""

    caller: Caller


@dataclass(frozen=True, slots=True)
class ByListenKey:
    """A subscription lives as long as the listen key."""

    listen_key: str


Right = ByApiKey | ByListenKey
"""What a subscription rests on: when it is gone, so is the subscription."""


@dataclass(eq=False, slots=True, kw_only=True)
class Subscription:
    """One listener to one account's events."""

    account_id: str
    right: Right
    deliver: Callable[[Event], None]
    """Called on the event loop; does not wait and does not raise."""
    ended: Callable[[], None]
    """Called once if the right is lost; not if whoever listens has cancelled."""
    hears_refusals: bool = False
