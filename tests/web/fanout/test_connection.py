"""What a client is sent that reads now and then: all, or the newest, or a reason."""

import asyncio
from collections.abc import Hashable

from hypothesis import given
from hypothesis import strategies as st

from tests.web.fanout.recording_wire import RecordingWire
from web.fanout.connection import Connection
from web.fanout.fanout import Fanout
from web.fanout.message import Message

_ROOM, _QUEUE = 60, 300


def _connected(wire: RecordingWire, **options: int) -> Connection:
    return Connection(
        Fanout(),
        wire,
        is_combined=False,
        in_microseconds=False,
        queue_bytes=options.get("queue_bytes", _QUEUE),
        messages_per_second=options.get("messages_per_second", 0),
    )


_KEYS = st.sampled_from([None, "a", "b"])
_STEPS = st.lists(
    st.tuples(st.just("send"), _KEYS)
    | st.tuples(st.sampled_from(["turn", "read", "fill"]), st.none()),
    max_size=80,
)


@given(_STEPS)
def test_sends_all_in_order_or_closes(steps: list[tuple[str, str | None]]) -> None:
    """Messages without a key all arrive, in order, or the client is closed; of those with a key
    the last one does; and never does more wait than may.
    """

    async def play() -> None:
        wire = RecordingWire(_ROOM)
        connection = _connected(wire)
        sent: list[tuple[int, Hashable | None]] = []
        for step, key in steps:
            if step == "send":
                connection.send(Message("s", len(sent), key=key))
                sent.append((len(sent), key))
            elif step == "turn":
                await asyncio.sleep(0)
            elif step == "read":
                wire.read_all()
            else:
                wire.fill()
            # What waits here, and what was written beyond what the client has read.
            assert connection.queued_bytes <= _QUEUE + 10
        await asyncio.sleep(0)
        while wire.is_full:
            wire.read_all()
        _verify([int(data) for data in wire.written], sent, wire)

    asyncio.run(play())


def _verify(got: list[int], sent: list[tuple[int, Hashable | None]], wire: RecordingWire) -> None:
    assert sorted(set(got)) == got, "in order, and none twice"
    if wire.ended is not None:
        assert wire.ended[0] == 1008
        assert "Too slow" in wire.ended[1]
        return
    assert [n for n, key in sent if key is None] == [n for n in got if sent[n][1] is None]
    for key in ("a", "b"):
        of_key = [n for n, its in sent if its == key]
        assert not of_key or of_key[-1] in got


def test_is_told_the_newest_of_a_key_and_every_message_without_one() -> None:
    async def play() -> list[bytes]:
        wire = RecordingWire(room=0)
        connection = _connected(wire)
        connection.send(Message("s", "first"))
        await asyncio.sleep(0)
        for number in range(3):
            connection.send(Message("s", f"price {number}", key="price"))
            connection.send(Message("s", f"trade {number}"))
        wire.room = 1_000
        wire.read_all()
        return wire.written

    assert asyncio.run(play()) == [
        *(b'"first"', b'"trade 0"', b'"trade 1"', b'"price 2"', b'"trade 2"'),
    ]


def test_is_told_the_whole_where_the_newest_does_not_say_all() -> None:
    async def play() -> list[bytes]:
        wire = RecordingWire(room=0)
        connection = _connected(wire)
        connection.send(Message("s", []))
        await asyncio.sleep(0)
        whole = Message("s", ["BTC", "ETH"])
        for changed in (["BTC"], ["ETH"]):
            connection.send(Message("s", changed, key="all", whole=lambda: whole))
        wire.room = 1_000
        wire.read_all()
        return wire.written

    assert asyncio.run(play()) == [b"[]", b'["BTC","ETH"]']


def test_closes_with_a_reason_whom_too_much_waits_for() -> None:
    async def play() -> tuple[RecordingWire, Connection]:
        wire = RecordingWire(room=0)
        connection = _connected(wire)
        for _ in range(100):
            connection.send(Message("s", "a trade"))
            await asyncio.sleep(0)
        return wire, connection

    wire, connection = asyncio.run(play())

    assert wire.ended == (1008, f"Too slow: more than {_QUEUE} bytes wait to be read.")
    assert not connection.is_open
    assert connection.queued_bytes == 0


def test_closes_whoever_sends_too_much() -> None:
    async def play() -> list[tuple[int, str] | None]:
        wire = RecordingWire()
        connection = _connected(wire, messages_per_second=2)
        seen = []
        for _ in range(3):
            connection.on_incoming()
            seen.append(wire.ended)
        return seen

    assert asyncio.run(play()) == [None, None, (1008, "Too many requests")]


def test_goes_out_in_one_piece_and_a_large_turn_in_several() -> None:
    async def play() -> list[int]:
        wire = RecordingWire(room=10**9)
        pieces: list[int] = []
        write = wire.write
        wire.write = lambda parts: (pieces.append(len(parts)), write(parts))[1]  # type: ignore[method-assign]
        connection = _connected(wire)
        message = Message("s", "x" * 1_000)
        for _ in range(100):
            connection.send(message)
        await asyncio.sleep(0)
        return pieces

    pieces = asyncio.run(play())

    assert sum(pieces) == 100
    assert len(pieces) == 2
