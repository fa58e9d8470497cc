"""Who hears what: channels beside sets of pairs, and how often a message is encoded."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.fanout.recording_wire import RecordingWire
from web.fanout import message as message_module
from web.fanout.connection import Connection
from web.fanout.fanout import Fanout
from web.fanout.message import COMBINED, FRAMED, MICROSECONDS, Message

_CLIENTS = st.integers(0, 2)
_NAMES = st.sampled_from(["x", "y"])
_STEPS = st.lists(
    st.tuples(st.sampled_from(["join", "leave", "combine", "lose", "publish"]), _CLIENTS, _NAMES)
)


class _Source:
    def __init__(self) -> None:
        self.open: list[str] = []

    def opened(self, name: str) -> None:
        self.open.append(name)

    def closed(self, name: str) -> None:
        self.open.remove(name)

    def current(self, name: str) -> Iterable[Message]:
        return (Message(name, f"now {name}"),)


def _connect(fanout: Fanout, wire: RecordingWire, **options: Any) -> Connection:
    standard = {"is_combined": False, "in_microseconds": False, "queue_bytes": 1_000_000}
    return Connection(fanout, wire, **{**standard, "messages_per_second": 0, **options})


@given(_STEPS)
def test_whoever_joined_hears(steps: list[tuple[str, int, str]]) -> None:
    async def play() -> None:
        fanout, source = Fanout(), _Source()
        fanout.add_source(source)
        wires = [RecordingWire() for _ in range(3)]
        clients = [_connect(fanout, wire) for wire in wires]
        joined: set[tuple[int, str]] = set()
        heard: list[list[Any]] = [[], [], []]
        lost: set[int] = set()
        for number, (step, who, name) in enumerate(steps):
            client = clients[who]
            if step == "join":
                fanout.join(client, name)
                joined |= {(who, name)} if who not in lost else set()
            elif step == "leave":
                fanout.leave(client, name)
                joined.discard((who, name))
            elif step == "combine":
                client.combine(not client.is_combined)
            elif step == "lose":
                client.on_lost()
                lost.add(who)
                joined = {(w, n) for w, n in joined if w != who}
            else:
                fanout.publish(name, Message(name, number))
                for w, n in joined:
                    if n == name:
                        combined = {"stream": name, "data": number}
                        heard[w].append(combined if clients[w].is_combined else number)
                # A turn is over, or those who are lost would not have heard what was sent in it.
                await asyncio.sleep(0)
            assert sorted(source.open) == sorted({n for _, n in joined})
            assert {n for n in ("x", "y") if fanout.channel(n)} == {n for _, n in joined}
        assert [[orjson.loads(data) for data in wire.written] for wire in wires] == heard
        assert len(fanout) == 3 - len(lost)

    asyncio.run(play())


def test_a_message_is_encoded_once_a_form_however_many_listen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: Counter[bool] = Counter()
    encode = message_module.to_json

    def counting(content: Any, *, in_microseconds: bool) -> bytes:
        made[in_microseconds] += 1
        return encode(content, in_microseconds=in_microseconds)

    monkeypatch.setattr(message_module, "to_json", counting)

    async def play() -> list[bytes]:
        fanout = Fanout()
        wires = []
        for number in range(40):
            wires.append(RecordingWire())
            options = {"is_combined": number % 2 == 0, "in_microseconds": number % 4 < 2}
            fanout.join(_connect(fanout, wires[-1], **options), "x")
        fanout.publish("x", Message("x", {"E": 1}))
        await asyncio.sleep(0)
        return [data for wire in wires for data in wire.written]

    written = asyncio.run(play())

    assert made == {True: 1, False: 1}
    assert len(written) == 40
    # The very same bytes, not equal ones.
    assert len({id(data) for data in written}) == 4


def test_forms_of_a_message() -> None:
    from web.binance.reply import TimeMs

    message = Message("btcusdt@x", {"E": TimeMs(5)})

    assert message.encoded(0) == b'{"E":5}'
    assert message.encoded(MICROSECONDS) == b'{"E":5000}'
    assert message.encoded(COMBINED) == b'{"stream":"btcusdt@x","data":{"E":5}}'
    assert message.encoded(COMBINED | MICROSECONDS | FRAMED) == (
        b'\x81\x28{"stream":"btcusdt@x","data":{"E":5000}}'
    )


def test_whoever_joins_is_told_how_things_stand_when_asked() -> None:
    async def play() -> list[bytes]:
        fanout = Fanout()
        fanout.add_source(_Source())
        wire = RecordingWire()
        client = _connect(fanout, wire)
        fanout.join(client, "x")
        fanout.tell_current(client, "x")
        await asyncio.sleep(0)
        return wire.written

    assert asyncio.run(play()) == [b'"now x"']


def test_all_are_told_of_the_end_at_once() -> None:
    async def play() -> list[list[bytes]]:
        fanout = Fanout()
        wires = [RecordingWire(), RecordingWire()]
        _connect(fanout, wires[0])
        _connect(fanout, wires[1]).goodbye = lambda event: Message("", {"own": event})
        fanout.say_goodbye("!end", {"e": "end"})
        return [wire.written for wire in wires]

    assert asyncio.run(play()) == [[b'{"e":"end"}'], [b'{"own":{"e":"end"}}']]
