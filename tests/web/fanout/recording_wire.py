"""A wire whose client a test plays: it fills up, drains, and remembers what was written."""

from collections.abc import Sequence

from web.fanout.wire import WireEvents


class RecordingWire:
    """Full while more than ``room`` bytes were written and not read."""

    is_framed = False

    def __init__(self, room: int = 1_000_000) -> None:
        self.room = room
        self.written: list[bytes] = []
        self.ended: tuple[int, str] | None = None
        self.is_full = False
        self.unread = 0
        self.events: WireEvents | None = None

    def attach(self, events: WireEvents) -> None:
        self.events = events

    def write(self, parts: Sequence[bytes]) -> None:
        if self.ended is not None:
            return
        self.written += parts
        self.unread += sum(map(len, parts))
        self.is_full = self.unread > self.room

    def end(self, code: int, reason: str) -> None:
        self.ended = code, reason

    def fill(self) -> None:
        """More is written than fits, as answers to pings are."""
        self.unread += self.room + 1
        self.is_full = True

    def read_all(self) -> None:
        """The client reads what was written."""
        self.unread = 0
        if self.is_full:
            self.is_full = False
            assert self.events is not None
            self.events.on_writable()
