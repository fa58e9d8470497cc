"""An event, encoded once for all who hear of it."""

from typing import Any

from web.binance.reply import to_json


class Event:
    """One event of an account; its texts are made when they are first asked for, and kept."""

    __slots__ = ("_framed", "_texts", "is_refusal", "payload")

    def __init__(self, payload: dict[str, Any], *, is_refusal: bool = False) -> None:
        self.payload = payload
        self.is_refusal = is_refusal
        """Of an order that never was: Binance's streams are silent about those."""
        self._texts: dict[bool, str] = {}
        self._framed: dict[tuple[str, bool], str] = {}

    def text(self, *, in_microseconds: bool = False) -> str:
        """Its JSON."""
        known = self._texts.get(in_microseconds)
        if known is None:
            known = to_json(self.payload, in_microseconds=in_microseconds).decode()
            self._texts[in_microseconds] = known
        return known

    def framed(self, before: str, *, in_microseconds: bool = False) -> str:
        """The text behind ``before``, within the object that ``before`` opens."""
        known = self._framed.get((before, in_microseconds))
        if known is None:
            known = f"{before}{self.text(in_microseconds=in_microseconds)}}}"
            self._framed[before, in_microseconds] = known
        return known
