"""Somebody who listens to an account."""

from web.userdata.event import Event
from web.userdata.subscription import ByListenKey, Subscription


class Listener:
    """A subscription that keeps what it hears."""

    def __init__(self, account_id: str, key: str = "k", *, hears_refusals: bool = False) -> None:
        self.heard: list[Event] = []
        self.ends = 0
        self.subscription = Subscription(
            account_id=account_id,
            right=ByListenKey(key),
            deliver=self.heard.append,
            ended=self._on_end,
            hears_refusals=hears_refusals,
        )

    def _on_end(self) -> None:
        self.ends += 1

    @property
    def kinds(self) -> list[str]:
        return [str(each.payload.get("x", each.payload["e"])) for each in self.heard]
