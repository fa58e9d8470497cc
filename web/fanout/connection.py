"""One client and what it is sent."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from web.fanout.message import COMBINED, FRAMED, MICROSECONDS, Form, Message
from web.fanout.outbox import Outbox
from web.fanout.pace import Pace
from web.fanout.wire import FULL_BYTES, Wire

if TYPE_CHECKING:
    from web.fanout.fanout import Channel, Fanout

POLICY_VIOLATION = 1008
"""The code with which Binance closes those who do not keep to its rules."""


class Connection:
    """A client's channels and its queue; for the event loop.

    What is sent in one turn of the loop goes out in one piece at its end.  While the client reads
    more slowly than it is written to, messages wait in an outbox; when that is full, the client is
    closed, and told why.
    """

    def __init__(
        self,
        fanout: "Fanout",
        wire: Wire,
        *,
        is_combined: bool,
        in_microseconds: bool,
        queue_bytes: int,
        messages_per_second: int,
    ) -> None:
        self.channels: dict[str, Channel] = {}
        """Those it listens to, by name, the first joined first."""
        self.form: Form = (
            COMBINED * is_combined + MICROSECONDS * in_microseconds + FRAMED * wire.is_framed
        )
        self.is_open = True
        self.on_close: Callable[[], None] = lambda: None
        """Called once, when either side has closed it."""
        self.goodbye: Callable[[dict[str, Any]], Message] | None = None
        """Makes of the event that the gateway ends what this client is told, where that is not
        what listeners to streams are told."""
        self._fanout = fanout
        self._wire = wire
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._queue_bytes = queue_bytes
        self._outbox = Outbox(queue_bytes)
        self._pace = Pace(messages_per_second)
        self._has_room = asyncio.Event()
        wire.attach(self)
        fanout.add(self)

    @property
    def is_combined(self) -> bool:
        """Whether messages come with the name of their stream."""
        return bool(self.form & COMBINED)

    @property
    def in_microseconds(self) -> bool:
        """Whether times are in microseconds."""
        return bool(self.form & MICROSECONDS)

    @property
    def queued_bytes(self) -> int:
        """What waits for the client here, beside what the transport holds."""
        return self._outbox.size + self._pending_bytes

    def combine(self, is_combined: bool) -> None:
        """From now on messages come with, or without, the name of their stream."""
        form = self.form & ~COMBINED | COMBINED * is_combined
        for channel in self.channels.values():
            channel.remove(self)
        self.form = form
        for channel in self.channels.values():
            channel.add(self)

    # --- sending ----------------------------------------------------------------------------------

    def send(self, message: Message) -> None:
        """Send a message in the form that this client gets."""
        self.put(message.encoded(self.form), message)

    def reply(self, content: Any) -> None:
        """Send an answer: never with a stream's name."""
        message = Message("", content)
        self.put(message.encoded(self.form & FRAMED), message)

    async def room(self) -> None:
        """Wait until the client has read most of what it was sent, or is gone.

        Whoever asks for much has to read it: answers wait here, and are made no sooner.
        """
        while self.is_open and (self._wire.is_full or self._outbox):
            self._has_room.clear()
            await self._has_room.wait()

    def put(self, data: bytes, message: Message) -> None:
        """Send ``data``, which is the message in this client's form."""
        if self._wire.is_full or self._outbox:
            self._keep(data, message)
            return
        if not self._pending:
            self._fanout.flush_soon(self)
        self._pending.append(data)
        self._pending_bytes += len(data)
        if self._pending_bytes > FULL_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what was sent in this turn."""
        if self._pending:
            pending, self._pending, self._pending_bytes = self._pending, [], 0
            self._wire.write(pending)

    def close(self, code: int, reason: str) -> None:
        """End the connection; what waits is not sent any more."""
        if self.is_open:
            self.flush()
            self._outbox.clear()
            self._leave()
            self._wire.end(code, reason)

    def _keep(self, data: bytes, message: Message) -> None:
        if not self.is_open:
            return
        # Sent before the client turned out to be slow, in this very turn.
        self.flush()
        key = message.key
        if key is not None and self._outbox.has(key):
            data = message.instead_of_older(self.form)
        if not self._outbox.put(data, key):
            self._fanout.too_slow += 1
            reason = f"Too slow: more than {self._queue_bytes} bytes wait to be read."
            self.close(POLICY_VIOLATION, reason)

    def _leave(self) -> None:
        self.is_open = False
        self._has_room.set()
        self._fanout.remove(self)
        self.on_close()

    # --- of the wire ------------------------------------------------------------------------------

    def on_writable(self) -> None:
        """Send of what waits as much as the wire takes."""
        while self._outbox and not self._wire.is_full:
            self._wire.write(self._outbox.take(FULL_BYTES))
        self._has_room.set()

    def on_incoming(self) -> None:
        """Count what the client sends; whoever sends too much is closed."""
        if self.is_open and not self._pace.is_kept(asyncio.get_running_loop().time()):
            self.close(POLICY_VIOLATION, "Too many requests")

    def on_lost(self) -> None:
        """The client is gone."""
        if self.is_open:
            self._pending.clear()
            self._pending_bytes = 0
            self._outbox.clear()
            self._leave()
