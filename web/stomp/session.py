"""The rules of a STOMP connection, without I/O: frames in, what is asked for out; pure.

Whoever drives it feeds what comes, does what is asked, and sends the bytes that it is given.
After a StompError only ``error_frame`` is of use, and then the connection is closed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from web.stomp.decoder import Decoder
from web.stomp.frame import VERSIONS, Frame, StompError, Version, encode

SUBSCRIPTIONS_MAX = 100
_HEART_BEAT = re.compile(r"([0-9]{1,9}),([0-9]{1,9})", re.ASCII)
_TEXT_CHARACTERS_MAX = 1_000
SUBPROTOCOLS: Mapping[str, Version] = {
    "v12.stomp": "1.2",
    "v11.stomp": "1.1",
    "v10.stomp": "1.0",
}
"""Of WebSockets, the best one first."""


class Beats(NamedTuple):
    """How often each side sends something; 0: never, as far as that was agreed upon."""

    outgoing_ms: int
    incoming_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """The client wants to begin: ``connected`` lets it."""

    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """The client wants messages of a destination under an id of its own."""

    id: str
    destination: str
    receipt: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe:
    """The client wants no more messages under this id."""

    id: str
    receipt: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """The client sends something to a destination."""

    destination: str
    body: bytes
    receipt: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """The client has read a message, or not; nothing depends on it."""

    receipt: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnect:
    """The client says goodbye, and reads on until the receipt is there."""

    receipt: str | None


Request = Connect | Subscribe | Unsubscribe | Send | Acknowledge | Disconnect


class StompSession:
    """One connection's state: its version, its beats and its subscriptions."""

    def __init__(self, beat_ms: int) -> None:
        """``beat_ms``: how often this side can send, and wants to hear, a beat of the heart."""
        self.version: Version = "1.0"
        self.beats = Beats(0, 0)
        self.destinations: dict[str, str] = {}
        """Of the subscriptions, by their ids."""
        self._beat_ms = beat_ms
        self._decoder = Decoder()
        self._is_connecting = False
        self._is_connected = False
        self._is_over = False
        self._numbers = 0
        self._receipt: str | None = None

    # --- what comes -------------------------------------------------------------------------------

    def receive(self, data: bytes) -> Iterator[Request]:
        """What the client asks for; to be done one after the other.

        Raises:
            StompError: the client has broken the protocol.
        """
        self._decoder.push(data)
        while not self._is_over and (frame := self._decoder.next()) is not None:
            self._receipt = frame.headers.get("receipt")
            yield self._read(frame)
            self._receipt = None

    def _read(self, frame: Frame) -> Request:
        if frame.command in ("CONNECT", "STOMP"):
            return self._connect(frame)
        if not self._is_connected:
            raise StompError("the first frame must be CONNECT, and be answered")
        if frame.body and frame.command != "SEND":
            raise StompError(f"a body in a frame {frame.command}")
        if frame.command == "SEND":
            return Send(
                destination=_required(frame, "destination"),
                body=frame.body,
                receipt=self._receipt,
            )
        if frame.command == "SUBSCRIBE":
            return self._subscribe(frame)
        if frame.command == "UNSUBSCRIBE":
            return self._unsubscribe(frame)
        if frame.command in ("ACK", "NACK"):
            return Acknowledge(receipt=self._receipt)
        if frame.command == "DISCONNECT":
            self._is_over = True
            return Disconnect(receipt=self._receipt)
        if frame.command in ("BEGIN", "COMMIT", "ABORT"):
            raise StompError("transactions are not supported: send without one")
        raise StompError(f"unknown command {frame.command}")

    def _connect(self, frame: Frame) -> Connect:
        if self._is_connecting or self._is_connected:
            raise StompError("a second CONNECT")
        offered = frame.headers.get("accept-version", "1.0").replace(" ", "").split(",")
        common = [version for version in VERSIONS if version in offered]
        if not common:
            raise StompError(f"supported protocol versions are {' '.join(VERSIONS)}")
        self.version = self._decoder.version = common[0]
        self.beats = self._agree(frame.headers.get("heart-beat", "0,0"))
        self._is_connecting = True
        return Connect(headers=frame.headers)

    def _agree(self, heart_beat: str) -> Beats:
        match = _HEART_BEAT.fullmatch(heart_beat)
        if match is None:
            raise StompError(f"heart-beat is not two numbers: {heart_beat[:20]!r}")
        ours, theirs, wanted = self._beat_ms, int(match[1]), int(match[2])
        return Beats(
            max(ours, wanted) if ours and wanted else 0, max(ours, theirs) if ours and theirs else 0
        )

    def _subscribe(self, frame: Frame) -> Subscribe:
        destination = _required(frame, "destination")
        number = frame.headers.get("id")
        if number is None:
            if self.version != "1.0":
                raise StompError("SUBSCRIBE needs the header id")
            number = destination
        if number in self.destinations:
            raise StompError(f"there is a subscription {number[:50]!r} already")
        if len(self.destinations) >= SUBSCRIPTIONS_MAX:
            raise StompError(f"more than {SUBSCRIPTIONS_MAX} subscriptions")
        self.destinations[number] = destination
        return Subscribe(id=number, destination=destination, receipt=self._receipt)

    def _unsubscribe(self, frame: Frame) -> Unsubscribe:
        number = frame.headers.get("id")
        if number is None and self.version == "1.0":
            number = frame.headers.get("destination")
        if number is None:
            raise StompError("UNSUBSCRIBE needs the header id")
        if self.destinations.pop(number, None) is None:
            raise StompError(f"there is no subscription {number[:50]!r}")
        return Unsubscribe(id=number, receipt=self._receipt)

    # --- what is sent -----------------------------------------------------------------------------

    def connected(self, session: str) -> bytes:
        """The answer to CONNECT."""
        self._is_connecting, self._is_connected = False, True
        headers = {
            "version": self.version,
            "heart-beat": f"{self._beat_ms},{self._beat_ms}",
            "session": session,
            "server": "TradeFlow",
        }
        return encode(Frame("CONNECTED", headers), self.version)

    def message(self, number: str, body: bytes, **more: str) -> bytes:
        """A message of a subscription; ``more`` headers, with _ for -."""
        self._numbers += 1
        headers = {
            "subscription": number,
            "message-id": str(self._numbers),
            "destination": self.destinations.get(number, ""),
            "content-type": "application/json;charset=utf-8",
            **{name.replace("_", "-"): value for name, value in more.items()},
        }
        return encode(Frame("MESSAGE", headers, body), self.version)

    def receipt(self, receipt: str) -> bytes:
        """What was asked for with this receipt is done."""
        return encode(Frame("RECEIPT", {"receipt-id": receipt}), self.version)

    def error_frame(self, message: str, receipt: str | None = None) -> bytes:
        """The last frame: why the connection is closed.

        ``receipt``: that of the frame which is to blame; None: of the one that is worked on.
        """
        self._is_over = True
        text = message[:_TEXT_CHARACTERS_MAX]
        # Before a version is agreed upon nothing can be escaped; the body has all of it.
        is_plain = self.version == "1.0"
        headers = {"message": " ".join(text.split()).replace("\\", "/") if is_plain else text}
        blamed = self._receipt if receipt is None else receipt
        if blamed:
            headers["receipt-id"] = blamed
        headers |= {"version": ",".join(reversed(VERSIONS)), "content-type": "text/plain"}
        return encode(Frame("ERROR", headers, text.encode()), self.version)


def _required(frame: Frame, name: str) -> str:
    value = frame.headers.get(name, "")
    if not value:
        raise StompError(f"{frame.command} needs the header {name}")
    return value
