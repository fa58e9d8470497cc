"""A way to a server on which an answer can get lost."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

_PART = 65_536


class LosingProxy:
    """Passes on what both say; after ``lose`` it cuts the line instead of an answer."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._server = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        self._loses = threading.Event()
        self.lost = 0
        """How many answers got lost."""
        threading.Thread(target=self._accept, daemon=True).start()

    def lose(self) -> None:
        """Lose the next answer, the server's work done."""
        self._loses.set()

    def close(self) -> None:
        """Listen no more; lines end with their clients."""
        # Without it the thread that accepts would never hear of the end.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._server) as server:
            for source, target in _spoken(client, server):
                said = source.recv(_PART)
                if not said:
                    return
                if source is server and self._loses.is_set():
                    self._loses.clear()
                    self.lost += 1
                    return
                target.sendall(said)


def _spoken(
    client: socket.socket, server: socket.socket
) -> Iterator[tuple[socket.socket, socket.socket]]:
    with selectors.DefaultSelector() as selector:
        selector.register(client, selectors.EVENT_READ, (client, server))
        selector.register(server, selectors.EVENT_READ, (server, client))
        while True:
            for key, _ in selector.select():
                yield key.data
