"""Clients that do not read: nobody waits for them, and they cost no more than their queue."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.chaos.exchange import await_condition
from tests.web.bare_streams import BareStreams, WireKind
from tests.web.slow_client import SlowClient
from tests.web.stream_client import StreamClient

_QUEUE_BYTES = 100_000
_FILLING = "x" * 2_000
_KINDS: list[WireKind] = ["direct", "asgi"]


def _tell_until(streams: BareStreams, condition: Callable[[], Any], what: str, **how: Any) -> int:
    """Publish numbered messages until something has happened; how many there were."""
    count = 0

    def is_there() -> bool:
        nonlocal count
        for _ in range(20):
            streams.tell("s", [count, _FILLING], **how)
            count += 1
        return bool(condition())

    await_condition(is_there, what, every=0.001)
    return count


def _queued(streams: BareStreams) -> int:
    """The most that waits for one client, beside what its transport holds."""
    connections = streams.on_loop(lambda: list(streams.fanout._connections))
    return max((each.queued_bytes for each in connections), default=0)


@pytest.mark.parametrize("kind", _KINDS)
def test_closes_with_a_reason_where_nothing_may_be_left_out(kind: WireKind) -> None:
    with (
        BareStreams(kind, connection_queue_bytes=_QUEUE_BYTES) as streams,
        StreamClient(f"{streams.url}/ws/s") as reading,
        SlowClient(f"{streams.url}/ws/s") as quiet,
    ):
        await_condition(lambda: len(streams.fanout) == 2, "both clients")

        count = _tell_until(streams, lambda: len(streams.fanout) == 1, "one to be closed")

        reading.await_message(lambda each: each[0] == count - 1, "the last message")
        assert [number for number, _ in reading.messages] == list(range(count))
        got = [number for number, _ in quiet.read_all()]
        # Up to the end it was told everything.
        assert got == list(range(len(got)))
        assert len(got) < count
        reason = f"Too slow: more than {_QUEUE_BYTES} bytes wait to be read."
        assert quiet.closed == (1008, reason)


@pytest.mark.parametrize("kind", _KINDS)
def test_tells_the_newest_where_that_says_all(kind: WireKind) -> None:
    with (
        BareStreams(kind, connection_queue_bytes=_QUEUE_BYTES) as streams,
        StreamClient(f"{streams.url}/ws/s") as reading,
        SlowClient(f"{streams.url}/ws/s") as quiet,
    ):
        await_condition(lambda: len(streams.fanout) == 2, "both clients")

        before = _tell_until(streams, lambda: _queued(streams), "one to be slow", key="s")
        for number in range(before, before + 1_000):
            streams.tell("s", [number, _FILLING], key="s")
            assert _queued(streams) < 2 * len(_FILLING) + 65_536

        last = before + 999
        got = [number for number, _ in quiet.read_until(lambda each: each[0] == last)]
        reading.await_message(lambda each: each[0] == last, "the last message")
        assert len(reading.messages) == before + 1_000
        assert got == sorted(got)
        assert len(got) <= before + 1
        # And from now on all again.
        streams.tell("s", [last + 1, ""], key="s")
        assert quiet.read_until(bool) == [[last + 1, ""]]


def test_cuts_off_who_does_not_even_read_why() -> None:
    """Through plain ASGI nobody can: there the kernel's patience ends it."""
    with (
        BareStreams(connection_queue_bytes=_QUEUE_BYTES, close_seconds=0.2) as streams,
        SlowClient(f"{streams.url}/ws/s") as quiet,
    ):
        await_condition(lambda: len(streams.fanout) == 1, "the client")
        _tell_until(streams, lambda: len(streams.fanout) == 0, "it to be closed")

        await_condition(lambda: not streams.open_sockets(), "its socket to be closed")
        quiet.read_all()
        assert quiet.closed is None


def test_the_end_waits_for_nobody_who_does_not_read() -> None:
    with BareStreams(connection_queue_bytes=10**8) as streams:
        quiet = SlowClient(f"{streams.url}/ws/s")
        await_condition(lambda: len(streams.fanout) == 1, "the client")
        _tell_until(streams, lambda: _queued(streams) > 1_000_000, "a long queue")
    # The block has ended although nothing was read.
    with quiet:
        quiet.read_all()
