"""Named channels, and who listens to each."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from web.fanout.connection import Connection
from web.fanout.listener import Listener
from web.fanout.message import Form, Message


class Source(Protocol):
    """Whoever fills channels, and wants to know which ones are listened to."""

    def opened(self, name: str) -> None:
        """A channel has its first listener."""

    def closed(self, name: str) -> None:
        """A channel has lost its last one."""

    def current(self, name: str) -> Iterable[Message]:
        """What somebody is told who listens from now on."""


class Channel:
    """The connections that listen to one name, by the form in which they want messages."""

    __slots__ = ("_by_form", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._by_form: dict[Form, dict[Listener, None]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._by_form.values()))

    def __iter__(self) -> Iterator[Listener]:
        return (each for listening in list(self._by_form.values()) for each in list(listening))

    def add(self, connection: Listener) -> None:
        """Let a connection listen."""
        self._by_form.setdefault(connection.form, {})[connection] = None

    def remove(self, connection: Listener) -> None:
        """Let it listen no more."""
        listening = self._by_form[connection.form]
        del listening[connection]
        if not listening:
            del self._by_form[connection.form]

    def publish(self, message: Message) -> None:
        """Send a message to all who listen."""
        for form, listening in list(self._by_form.items()):
            data = message.encoded(form)
            # Whoever is too slow is closed meanwhile, and then listens no more.
            for connection in tuple(listening):
                connection.put(data, message)


class Fanout:
    """All connections of a gateway and their channels; for the event loop."""

    def __init__(self) -> None:
        self._channels: dict[str, Channel] = {}
        self._connections: dict[Connection, None] = {}
        self._sources: list[Source] = []
        self._to_flush: list[Connection] = []
        self.too_slow = 0
        """Connections that were closed because their clients did not read."""

    def __len__(self) -> int:
        """How many connections there are."""
        return len(self._connections)

    @property
    def queued_bytes(self) -> int:
        """What waits for clients that read slowly, all of them together."""
        return sum(connection.queued_bytes for connection in self._connections)

    def add_source(self, source: Source) -> None:
        """Tell ``source`` of channels that begin and end."""
        self._sources.append(source)

    def channel(self, name: str) -> Channel | None:
        """The channel of this name; None: nobody listens."""
        return self._channels.get(name)

    def publish(self, name: str, message: Message) -> None:
        """Send a message to whoever listens to ``name``."""
        channel = self._channels.get(name)
        if channel is not None:
            channel.publish(message)

    # --- connections ------------------------------------------------------------------------------

    def add(self, connection: Connection) -> None:
        """Know a connection that is open."""
        self._connections[connection] = None

    def remove(self, connection: Connection) -> None:
        """Forget a connection, and take it out of its channels."""
        self._connections.pop(connection, None)
        for name in list(connection.channels):
            self.leave(connection, name)

    def join(self, connection: Listener, name: str) -> None:
        """Let a connection listen to a channel; once is enough."""
        if not connection.is_open or name in connection.channels:
            return
        channel = self._channels.get(name)
        if channel is None:
            channel = self._channels[name] = Channel(name)
            for source in self._sources:
                source.opened(name)
        channel.add(connection)
        connection.channels[name] = channel

    def leave(self, connection: Listener, name: str) -> None:
        """Let it listen to a channel no more."""
        channel = connection.channels.pop(name, None)
        if channel is None:
            return
        channel.remove(connection)
        if not channel:
            del self._channels[name]
            for source in self._sources:
                source.closed(name)

    def end(self, name: str, code: int, reason: str) -> None:
        """End a channel; who listened to nothing else is closed."""
        for connection in self._channels.get(name, ()):
            self.leave(connection, name)
            if not connection.channels:
                connection.close(code, reason)

    def tell_current(self, connection: Listener, name: str) -> None:
        """Tell a connection how things stand on a channel that it has joined."""
        for source in self._sources:
            for message in source.current(name):
                connection.send(message)

    def say_goodbye(self, stream: str, event: dict[str, Any]) -> None:
        """Tell all connections, at once, that the gateway ends."""
        usual = Message(stream, event)
        for connection in list(self._connections):
            own = connection.goodbye
            connection.send(usual if own is None else own(event))
            connection.flush()

    # --- turns ------------------------------------------------------------------------------------

    def flush_soon(self, connection: Connection) -> None:
        """Write what the connection is sent when this turn of the event loop is over."""
        if not self._to_flush:
            asyncio.get_running_loop().call_soon(self._flush)
        self._to_flush.append(connection)

    def _flush(self) -> None:
        flushing, self._to_flush = self._to_flush, []
        for connection in flushing:
            connection.flush()
