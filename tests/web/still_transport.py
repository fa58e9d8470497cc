"""A client's socket of which a test says when the client reads; for protocols without a server."""

import asyncio
from typing import Any

from web.fanout.wire import FULL_BYTES


class StillTransport(asyncio.Transport):
    """Keeps what is written until it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = b""
        self.protocol: Any = None
        """Told when more waits than should; None: nobody is."""
        self.is_closed = asyncio.Event()
        self.is_aborted = asyncio.Event()
        self._is_full = False
        self._is_at_end = False

    def write(self, data: Any) -> None:
        if self._is_at_end:
            raise RuntimeError("Cannot call write() after write_eof()")
        self.waiting += bytes(data)
        if self.protocol is not None and len(self.waiting) > FULL_BYTES and not self._is_full:
            self._is_full = True
            self.protocol.pause_writing()

    def read(self) -> bytes:
        """The client reads all that waits."""
        data, self.waiting = self.waiting, b""
        if self._is_full:
            self._is_full = False
            self.protocol.resume_writing()
        return data

    def get_write_buffer_size(self) -> int:
        return len(self.waiting)

    def write_eof(self) -> None:
        self._is_at_end = True

    def is_closing(self) -> bool:
        return self.is_closed.is_set()

    def close(self) -> None:
        self.is_closed.set()

    def abort(self) -> None:
        self.is_closed.set()
        self.is_aborted.set()

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass
