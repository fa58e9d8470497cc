"""An event, encoded once for all who hear of it."""

from typing import Any

from web.fanout.message import Message


class Event:
    """One event of an account; its messages are made when they are first asked for, and kept."""

    __slots__ = ("_plain", "_under", "is_refusal", "payload")

    def __init__(self, payload: dict[str, Any], *, is_refusal: bool = False) -> None:
        self.payload = payload
        self.is_refusal = is_refusal
        """Of an order that never was: Binance's streams are silent about those."""
        self._plain: Message | None = None
        self._under: dict[int, Message] = {}

    def plain(self) -> Message:
        """The event as it is."""
        if self._plain is None:
            self._plain = Message("", self.payload)
        return self._plain

    def under(self, subscription_id: int) -> Message:
        """The event as a subscription of the WebSocket API gets it."""
        known = self._under.get(subscription_id)
        if known is None:
            content = {"subscriptionId": subscription_id, "event": self.payload}
            known = self._under[subscription_id] = Message("", content)
        return known
