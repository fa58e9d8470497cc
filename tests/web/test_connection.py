"""What waits for a client: in order, bounded, and closed with a reason."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.websockets import WebSocket

from web.connection import POLICY, TOO_SLOW, Connection


class Client:
    """The other end of an ASGI WebSocket: it reads only while ``reads`` is set."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.reads = asyncio.Event()
        self._says: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.websocket = WebSocket({"type": "websocket"}, self._says.get, self._take)
        self.say({"type": "websocket.connect"})

    def say(self, message: dict[str, Any]) -> None:
        self._says.put_nowait(message)

    def say_text(self, text: str) -> None:
        self.say({"type": "websocket.receive", "text": text})

    def leave(self) -> None:
        self.say({"type": "websocket.disconnect", "code": 1000})

    @property
    def texts(self) -> list[str]:
        return [each["text"] for each in self.got if each["type"] == "websocket.send"]

    async def _take(self, message: Any) -> None:
        if message["type"] != "websocket.accept":
            await self.reads.wait()
        self.got.append(message)


async def ignore(_message: str | bytes) -> None:
    """Nobody listens."""


def talk(
    scene: Callable[[Client, Connection], Awaitable[None]],
    on_message: Callable[[str | bytes], Awaitable[None]] = ignore,
    **limits: Any,
) -> Client:
    """Plays a scene while the connection runs, which it does to its end."""

    async def play() -> Client:
        client = Client()
        await client.websocket.accept()
        connection = Connection(client.websocket, **limits)
        async with asyncio.timeout(30):
            await asyncio.gather(connection.run(on_message), scene(client, connection))
        return client

    return asyncio.run(play())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0)


def test_sends_in_order_and_closes_behind_it() -> None:
    async def scene(client: Client, connection: Connection) -> None:
        client.reads.set()
        for number in range(100):
            connection.send(str(number))
        connection.close(1000, "done")
        connection.send("too late")

    client = talk(scene)

    assert client.texts == [str(number) for number in range(100)]
    assert client.got[-1] == {"type": "websocket.close", "code": 1000, "reason": "done"}


def test_hands_over_one_message_after_the_other() -> None:
    heard: list[str | bytes] = []

    async def scene(client: Client, _connection: Connection) -> None:
        client.say_text("a")
        client.say({"type": "websocket.receive", "bytes": b"b"})
        await until(lambda: len(heard) == 2)
        client.leave()

    async def hear(message: str | bytes) -> None:
        heard.append(message)

    talk(scene, hear)

    assert heard == ["a", b"b"]


def test_closes_who_does_not_read_with_a_reason() -> None:
    async def scene(client: Client, connection: Connection) -> None:
        for _ in range(20):
            connection.send("x")
        assert connection.is_closing
        await asyncio.sleep(0)
        client.reads.set()

    client = talk(scene, messages_max=10)

    assert client.texts == []
    assert client.got[-1] == {"type": "websocket.close", "code": POLICY, "reason": TOO_SLOW}


def test_bounds_characters_too() -> None:
    async def scene(client: Client, connection: Connection) -> None:
        connection.send("x" * 60)
        assert not connection.is_closing
        connection.send("x" * 60)
        assert connection.is_closing
        client.reads.set()

    talk(scene, characters_max=100)


def test_gives_up_on_who_never_reads() -> None:
    async def scene(_client: Client, connection: Connection) -> None:
        connection.send("x")
        await asyncio.sleep(0)
        connection.close(POLICY, "gone")

    client = talk(scene, close_seconds=0.05)

    assert client.texts == []


def test_answers_wait_for_who_reads_slowly_and_close_nobody() -> None:
    big = "x" * 200_000

    async def scene(client: Client, connection: Connection) -> None:
        sending = [asyncio.create_task(connection.send_answer(big)) for _ in range(50)]
        for _ in range(10):
            await asyncio.sleep(0)
        assert sum(task.done() for task in sending) == 2
        client.reads.set()
        await asyncio.gather(*sending)
        connection.close()

    client = talk(scene)

    assert client.texts == [big] * 50


def test_answers_that_wait_are_dropped_when_the_client_leaves() -> None:
    async def scene(client: Client, connection: Connection) -> None:
        sending = [asyncio.create_task(connection.send_answer("x" * 200_000)) for _ in range(5)]
        await asyncio.sleep(0)
        client.leave()
        await asyncio.gather(*sending)

    talk(scene)
