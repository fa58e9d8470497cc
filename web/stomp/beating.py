"""Beats of the heart, both ways."""

import asyncio
from collections.abc import Callable

from web.stomp.session import Beats

_PATIENCE = 2.5
"""So many times the agreed interval may pass: networks and clocks are not exact."""


class Heart:
    """Sends beats, and says when the other side's have stopped."""

    def __init__(self, beat: Callable[[], None], stopped: Callable[[], None]) -> None:
        self._beat = beat
        self._stopped = stopped
        self._heard = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, beats: Beats) -> None:
        """Begin as it was agreed upon."""
        self.hear()
        if beats.outgoing_ms:
            self._tasks.append(asyncio.create_task(self._send(beats.outgoing_ms / 1_000)))
        if beats.incoming_ms:
            self._tasks.append(asyncio.create_task(self._watch(beats.incoming_ms / 1_000)))

    def hear(self) -> None:
        """Something came."""
        self._heard = asyncio.get_running_loop().time()

    def stop(self) -> None:
        """The connection is over."""
        for task in self._tasks:
            task.cancel()

    async def _send(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            self._beat()

    async def _watch(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        while (left := self._heard + _PATIENCE * seconds - loop.time()) > 0:
            await asyncio.sleep(left)
        self._stopped()
