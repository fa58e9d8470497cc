"""Whoever can listen to channels: a connection, or a part of one."""

from typing import TYPE_CHECKING, Protocol

from web.fanout.message import Form, Message

if TYPE_CHECKING:
    from web.fanout.fanout import Channel


class Listener(Protocol):
    """A listener; for the event loop."""

    form: Form
    """How it wants messages."""
    channels: "dict[str, Channel]"
    """Those it listens to, by name."""
    is_open: bool

    def put(self, data: bytes, message: Message) -> None:
        """Take ``data``, which is the message in this listener's form."""

    def send(self, message: Message) -> None:
        """Take a message."""

    def close(self, code: int, reason: str) -> None:
        """What it listened to has ended."""
