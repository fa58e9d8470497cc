"""Frames and their bytes: split anywhere, escaped, bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.stomp.decoder import BODY_BYTES_MAX, HEAD_BYTES_MAX, HEADERS_MAX, Decoder
from web.stomp.frame import VERSIONS, Frame, StompError, encode, unescape

COMMANDS = st.sampled_from(["SEND", "MESSAGE", "SUBSCRIBE", "ERROR"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
NAMES = TEXTS.filter(lambda name: name not in ("", "content-length"))
FRAMES = st.builds(
    Frame, COMMANDS, st.dictionaries(NAMES, TEXTS, max_size=5), st.binary(max_size=40)
)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """The data, cut at these places."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in zip(places, places[1:], strict=False)]


def as_read(frame: Frame) -> Frame:
    """What is read of a frame that was written: it also has its length."""
    length = {"content-length": str(len(frame.body))} if frame.body else {}
    return Frame(frame.command, {**frame.headers, **length}, frame.body)


@given(st.lists(FRAMES, max_size=4), st.lists(st.integers(0, 10_000), max_size=12))
def test_reads_what_was_written_however_it_is_cut(frames: list[Frame], cuts: list[int]) -> None:
    data = b"\n".join(encode(frame, "1.2") for frame in frames)
    decoder = Decoder()

    read = [frame for piece in pieces(data, cuts) for frame in decoder.feed(piece)]

    assert read == [as_read(frame) for frame in frames]


@given(FRAMES)
def test_reads_it_byte_by_byte(frame: Frame) -> None:
    decoder = Decoder()

    read = [each for byte in encode(frame, "1.2") for each in decoder.feed(bytes([byte]))]

    assert read == [as_read(frame)]


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_takes_or_refuses_whatever_comes(parts: list[bytes]) -> None:
    decoder = Decoder()
    try:
        for part in parts:
            for frame in decoder.feed(part):
                assert frame.command
    except StompError as refused:
        assert str(refused)


@pytest.mark.parametrize("version", VERSIONS)
@given(TEXTS)
def test_unescapes_what_was_escaped(version: str, text: str) -> None:
    if version == "1.0" or (version == "1.1" and "\r" in text):
        # Nothing is escaped, or not this: such headers cannot be written.
        text = text.replace("\n", "").replace("\r", "").replace("\\", "").replace(":", "")
    head = encode(Frame("SEND", {"a": text}), version).split(b"\n")[1]

    assert unescape(head.decode().partition(":")[2], version) == text


def test_takes_lines_that_end_in_two_characters() -> None:
    (frame,) = Decoder().feed(b"\r\n\r\nSEND\r\ndestination:/app\r\n\r\nbody\0\r\n")

    assert frame == Frame("SEND", {"destination": "/app"}, b"body")


def test_of_headers_that_are_repeated_the_first_counts() -> None:
    (frame,) = Decoder().feed(b"SEND\na:1\na:2\n\n\0")

    assert frame.headers == {"a": "1"}


def test_a_body_with_zeros_needs_its_length() -> None:
    (frame,) = Decoder().feed(b"SEND\ncontent-length:3\n\na\0b\0")

    assert frame.body == b"a\0b"


def test_connect_is_not_unescaped() -> None:
    (frame,) = Decoder().feed(b"CONNECT\nlogin:a\\cb\n\n\0")

    assert frame.headers == {"login": "a\\cb"}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"SEND\na\\t:1\n\n\0", "undefined escape"),
        (b"SEND\na:\\\n\n\0", "undefined escape"),
        (b"SEND\nno colon\n\n\0", "colon"),
        (b"SEND\n:1\n\n\0", "colon"),
        (b"send\n\n\0", "no command"),
        (b"SEND\0", "empty line"),
        (b"SEND\n\xff:1\n\n\0", "UTF-8"),
        (b"SEND\ncontent-length:-1\n\n\0", "content-length"),
        (b"SEND\ncontent-length:1\n\nab\0", "longer than its content-length"),
        (b"SEND\ncontent-length:999999999\n\n", "bytes"),
        (b"SEND\n\n" + b"x" * (BODY_BYTES_MAX + 1), "bytes"),
        (b"SEND\n" + b"x" * (HEAD_BYTES_MAX + 1), "bytes of headers"),
        (b"SEND\n" + b"a:1\n" * (HEADERS_MAX + 1) + b"\n\0", "headers"),
    ],
)
def test_says_why_it_is_no_frame(data: bytes, why: str) -> None:
    with pytest.raises(StompError, match=why):
        Decoder().feed(data)


def test_keeps_no_more_than_a_frame_may_be() -> None:
    decoder = Decoder()
    with pytest.raises(StompError):
        for _ in range(1_000):
            decoder.feed(b"x" * 1_000)
    assert len(decoder._buffer) <= HEAD_BYTES_MAX + 1_000
