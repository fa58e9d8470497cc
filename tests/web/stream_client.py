"""A client of streams that keeps all that it is told."""

import contextlib
import json
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.chaos.exchange import await_condition

Message = dict[str, Any]


class StreamClient:
    """Reads on a thread; ``messages`` are all so far, but for answers to requests."""

    def __init__(self, url: str) -> None:
        self.messages: list[Any] = []
        self.answers: list[Message] = []
        self.closed: ConnectionClosed | None = None
        self._stack = contextlib.ExitStack()
        connecting = connect(url, max_size=None, compression=None)
        self.connection: ClientConnection = self._stack.enter_context(connecting)
        self._thread = threading.Thread(target=self._read, name="stream client")
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()
        self._thread.join()

    def ask(self, request: Message | str) -> Message:
        """Send a control frame, and wait for the answer."""
        count = len(self.answers)
        self.connection.send(request if isinstance(request, str) else json.dumps(request))
        await_condition(
            lambda: len(self.answers) > count or self.closed, f"an answer to {request}", every=0.005
        )
        assert len(self.answers) > count, self.closed
        return self.answers[count]

    def of(self, stream: str) -> list[Any]:
        """What came on a stream of a combined connection."""
        return [each["data"] for each in self.messages if each.get("stream") == stream]

    def await_message(self, condition: Callable[[Any], bool], what: str) -> Any:
        """The first message of which this is true."""
        return await_condition(
            lambda: next((each for each in list(self.messages) if condition(each)), None), what
        )

    def await_close(self) -> tuple[int, str]:
        """Code and reason with which the server closes."""
        await_condition(lambda: self.closed is not None, "the server to close")
        assert self.closed is not None
        assert self.closed.rcvd is not None, self.closed
        return self.closed.rcvd.code, self.closed.rcvd.reason

    def _read(self) -> None:
        try:
            while True:
                message = json.loads(self.connection.recv())
                is_answer = isinstance(message, dict) and "id" in message
                (self.answers if is_answer else self.messages).append(message)
        except ConnectionClosed as closed:
            self.closed = closed
