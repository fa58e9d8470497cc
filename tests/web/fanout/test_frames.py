"""A frame is what another implementation reads: websockets' own parser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from web.fanout.frames import text_frame


def _parsed(frame: bytes) -> Frame:
    reader = StreamReader()
    reader.feed_data(frame)
    parsing = Frame.parse(reader.read_exact, mask=False)
    with pytest.raises(StopIteration) as end:
        next(parsing)
    rest = reader.read_to_eof(0)
    reader.feed_eof()
    with pytest.raises(StopIteration) as left:
        next(rest)
    assert left.value.value == b""
    frame_read: Frame = end.value.value
    return frame_read


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536, 1_000_000])
def test_lengths_around_the_limits_of_their_forms(length: int) -> None:
    payload = b"x" * length

    frame = _parsed(text_frame(payload))

    assert (frame.opcode, frame.fin, frame.data) == (Opcode.TEXT, True, payload)


@given(st.binary(max_size=400))
def test_any_payload(payload: bytes) -> None:
    assert _parsed(text_frame(payload)).data == payload
