"""One subscription to a topic, as a listener to the channel of a market stream."""

from collections.abc import Callable

from web.fanout.fanout import Channel
from web.fanout.message import Form, Message


class TopicListener:
    """Hands the stream's JSON on, to be put into a MESSAGE."""

    def __init__(self, deliver: Callable[[bytes], None]) -> None:
        self.form: Form = 0
        self.channels: dict[str, Channel] = {}
        self.is_open = True
        self._deliver = deliver

    def put(self, data: bytes, _message: Message) -> None:
        """Hand it on."""
        self._deliver(data)

    def send(self, message: Message) -> None:
        """Hand it on."""
        self._deliver(message.encoded(self.form))

    def close(self, code: int, reason: str) -> None:
        """Streams of markets do not end."""
