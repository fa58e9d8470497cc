"""The rules of a STOMP connection."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.stomp.decoder import Decoder
from web.stomp.frame import Frame, StompError, encode
from web.stomp.session import (
    SUBSCRIPTIONS_MAX,
    Acknowledge,
    Beats,
    Connect,
    Disconnect,
    Request,
    Send,
    StompSession,
    Subscribe,
    Unsubscribe,
)

CONNECT = Frame("CONNECT", {"accept-version": "1.0,1.1,1.2", "heart-beat": "0,0"})


def asks(session: StompSession, *frames: Frame) -> list[Request]:
    data = b"".join(encode(frame, session.version) for frame in frames)
    return list(session.receive(data))


def connected(**headers: str) -> StompSession:
    session = StompSession(10_000)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    (request,) = asks(session, Frame("CONNECT", {**CONNECT.headers, **named}))
    assert isinstance(request, Connect)
    session.connected("s")
    return session


def only(data: bytes) -> Frame:
    (frame,) = Decoder().feed(data)
    return frame


@pytest.mark.parametrize(
    ("offered", "chosen"), [("1.0,1.1,1.2", "1.2"), ("1.1", "1.1"), ("1.0, 1.1", "1.1"), ("9", "")]
)
def test_agrees_on_the_best_version_of_both(offered: str, chosen: str) -> None:
    session = StompSession(0)
    frame = Frame("STOMP", {"accept-version": offered})
    if chosen:
        asks(session, frame)
        assert only(session.connected("s")).headers["version"] == chosen
    else:
        with pytest.raises(StompError, match="versions are 1.2 1.1 1.0"):
            asks(session, frame)
        assert only(session.error_frame("no")).headers["version"] == "1.0,1.1,1.2"


def test_without_a_version_it_is_the_first() -> None:
    session = StompSession(0)
    asks(session, Frame("CONNECT"))

    assert session.version == "1.0"


@pytest.mark.parametrize(
    ("theirs", "beats"),
    [
        ("0,0", Beats(0, 0)),
        ("5000,5000", Beats(10_000, 10_000)),
        ("20000,30000", Beats(30_000, 20_000)),
        ("0,10000", Beats(10_000, 0)),
    ],
)
def test_agrees_on_beats_of_the_slower(theirs: str, beats: Beats) -> None:
    assert connected(heart_beat=theirs).beats == beats


def test_says_what_a_client_asks_for() -> None:
    session = connected()

    assert asks(
        session,
        Frame("SUBSCRIBE", {"id": "1", "destination": "/topic/x", "receipt": "r"}),
        Frame("SEND", {"destination": "/app/orders"}, b"{}"),
        Frame("ACK", {"id": "m"}),
        Frame("UNSUBSCRIBE", {"id": "1"}),
        Frame("DISCONNECT", {"receipt": "bye"}),
        Frame("SEND", {"destination": "too late"}),
    ) == [
        Subscribe(id="1", destination="/topic/x", receipt="r"),
        Send(destination="/app/orders", body=b"{}", receipt=None),
        Acknowledge(receipt=None),
        Unsubscribe(id="1", receipt=None),
        Disconnect(receipt="bye"),
    ]


@pytest.mark.parametrize(
    ("frames", "why"),
    [
        ([CONNECT], "second CONNECT"),
        ([Frame("SUBSCRIBE", {"destination": "/topic/x"})], "needs the header id"),
        ([Frame("SUBSCRIBE", {"id": "1"})], "needs the header destination"),
        ([Frame("SUBSCRIBE", {"id": "1", "destination": "/x"})] * 2, "already"),
        ([Frame("UNSUBSCRIBE", {"id": "1"})], "no subscription"),
        ([Frame("SEND", {}, b"{}")], "needs the header destination"),
        ([Frame("SUBSCRIBE", {"id": "1", "destination": "/x"}, b"body")], "a body"),
        ([Frame("BEGIN", {"transaction": "t"})], "transactions"),
        ([Frame("HELLO")], "unknown command"),
        (
            [
                Frame("SUBSCRIBE", {"id": str(number), "destination": "/x"})
                for number in range(SUBSCRIPTIONS_MAX + 1)
            ],
            "subscriptions",
        ),
    ],
)
def test_refuses_what_the_protocol_does_not_allow(frames: list[Frame], why: str) -> None:
    with pytest.raises(StompError, match=why):
        asks(connected(), *frames)


def test_nothing_goes_before_connect() -> None:
    with pytest.raises(StompError, match="CONNECT"):
        asks(StompSession(0), Frame("SEND", {"destination": "/app/orders"}))


def test_an_error_names_the_receipt_of_the_frame_that_is_to_blame() -> None:
    session = connected()
    with pytest.raises(StompError):
        asks(session, Frame("HELLO", {"receipt": "r-1"}))

    frame = only(session.error_frame("a reason:\nof two lines"))

    assert frame.command == "ERROR"
    assert frame.headers["receipt-id"] == "r-1"
    assert frame.headers["message"] == "a reason:\nof two lines"
    assert frame.body == b"a reason:\nof two lines"


def test_messages_are_counted_and_say_where_they_are_from() -> None:
    session = connected()
    asks(session, Frame("SUBSCRIBE", {"id": "7", "destination": "/topic/x"}))

    first, second = only(session.message("7", b"{}")), only(session.message("7", b"[]", a_b="c"))

    assert (first.headers["subscription"], first.headers["destination"]) == ("7", "/topic/x")
    assert (first.headers["message-id"], second.headers["message-id"]) == ("1", "2")
    assert (second.headers["a-b"], second.body) == ("c", b"[]")


@given(st.lists(st.binary(max_size=50) | st.sampled_from([encode(CONNECT, "1.2")]), max_size=8))
def test_whatever_comes_is_a_request_or_a_reason(parts: list[bytes]) -> None:
    session = StompSession(1_000)
    try:
        for part in parts:
            for request in session.receive(part):
                if isinstance(request, Connect):
                    session.connected("s")
    except StompError as broken:
        assert only(session.error_frame(str(broken))).command == "ERROR"
