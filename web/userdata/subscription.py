"""Who hears of an account, and by what right."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from web.userdata.event import Event


class Right(NamedTuple):
    """What a subscription rests on: when it is gone, so is the subscription."""

    kind: Literal["api key", "listen key"]
    key: str


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
