"""A network that holds requests back: a proxy before a broker, which lets them go when told."""

import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field

from tests.streams.transport.workers import wait_until

PRODUCE = 0
TXN_OFFSET_COMMIT = 28


@dataclass(frozen=True)
class _Hold:
    """Which requests to hold: of one kind, by one ``client.id``."""

    api_key: int
    client_id: str


@dataclass
class _Link:
    """One client's connection, and the broker's end of it."""

    client: socket.socket
    broker: socket.socket
    held: list[bytes] = field(default_factory=list)
    """Requests that wait; what comes behind the first waits too, as in any queue."""
    answers: int = 0


class HoldingProxy:
    """Stands between clients and the broker; a client that ends leaves its held requests here."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.broker_port = 0
        self._hold: _Hold | None = None
        self._links: list[_Link] = []
        # Held while a request is passed on: what is let go goes before what comes then.
        self._lock = threading.RLock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def bootstrap(self) -> str:
        """Where clients connect."""
        return f"127.0.0.1:{self.port}"

    def close(self) -> None:
        """Take no more connections; those that are open end with the broker."""
        self._listener.close()

    # --- told by tests ---------------------------------------------------------------------------

    def hold(self, api_key: int, client_id: str) -> None:
        """From now on hold such requests."""
        self._hold = _Hold(api_key, client_id)

    def wait_until_held(self) -> None:
        """Return once a request is held; what comes on other connections is let through then."""
        wait_until(lambda: any(link.held for link in self._links), "a request to hold")
        self._hold = None

    def let_go(self) -> int:
        """Give the broker what was held, and return once it has answered; how many those were.

        Where the broker has started again meanwhile they come over a new connection.
        """
        self._hold = None
        count = 0
        for link in list(self._links):
            with self._lock:
                held, link.held = link.held, []
                if not held:
                    continue
                if link.broker.fileno() < 0:
                    link = self._link(link.client)
                wanted = link.answers + len(held)
                link.broker.sendall(b"".join(held))
            count += len(held)

            def answered(link: _Link = link, wanted: int = wanted) -> bool:
                return link.answers >= wanted or link.broker.fileno() < 0

            wait_until(answered, "the broker's answers")
        return count

    # --- connections -----------------------------------------------------------------------------

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                link = self._link(client)
            except OSError:
                client.close()
                continue
            threading.Thread(target=self._requests, args=(link,), daemon=True).start()

    def _link(self, client: socket.socket) -> _Link:
        broker = socket.create_connection(("127.0.0.1", self.broker_port))
        for end in (client, broker):
            if end.fileno() >= 0:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = _Link(client, broker)
        self._links.append(link)
        threading.Thread(target=self._answers, args=(link,), daemon=True).start()
        return link

    def _requests(self, link: _Link) -> None:
        while (frame := _read_frame(link.client)) is not None:
            with self._lock:
                if link.held or self._is_to_be_held(frame):
                    link.held.append(frame)
                    continue
                try:
                    link.broker.sendall(frame)
                except OSError:
                    break
        link.client.close()
        # What is held stays on its way, though its sender is gone.
        if not link.held:
            _shut(link.broker)

    def _is_to_be_held(self, frame: bytes) -> bool:
        hold = self._hold
        if hold is None:
            return False
        api_key, _version, _correlation, length = struct.unpack_from(">hhih", frame, 4)
        client_id = frame[14 : 14 + max(0, length)].decode()
        return (api_key, client_id) == (hold.api_key, hold.client_id)

    def _answers(self, link: _Link) -> None:
        while (frame := _read_frame(link.broker)) is not None:
            # Where its client is gone nobody waits for it any more.
            with suppress(OSError):
                link.client.sendall(frame)
            link.answers += 1
        link.broker.close()
        _shut(link.client)


def _shut(end: socket.socket) -> None:
    # It may be closed already.
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


def _read_frame(end: socket.socket) -> bytes | None:
    """One request or answer with its length before it; None at the end."""
    size = _read(end, 4)
    body = _read(end, struct.unpack(">i", size)[0]) if size else None
    return size + body if size and body is not None else None


def _read(end: socket.socket, count: int) -> bytes | None:
    data = bytearray()
    while len(data) < count:
        try:
            more = end.recv(count - len(data))
        except OSError:
            return None
        if not more:
            return None
        data += more
    return bytes(data)
