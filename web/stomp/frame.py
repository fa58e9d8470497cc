"""A STOMP frame and its bytes; pure.  https://stomp.github.io/stomp-specification-1.2.html"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

Version = str
VERSIONS: tuple[Version, ...] = ("1.2", "1.1", "1.0")
"""The best one first."""
UNESCAPED = frozenset({"CONNECT", "STOMP", "CONNECTED"})
"""Frames whose headers stay as they are: they are read before a version is agreed upon."""

_ESCAPES: Mapping[Version, Mapping[str, str]] = {
    "1.0": {},
    "1.1": {"\\": "\\\\", "\n": "\\n", ":": "\\c"},
    "1.2": {"\\": "\\\\", "\n": "\\n", ":": "\\c", "\r": "\\r"},
}
_UNESCAPES = {
    version: {escaped: character for character, escaped in escapes.items()}
    for version, escapes in _ESCAPES.items()
}
_ESCAPED = re.compile(r"\\.?", re.DOTALL)


class StompError(Exception):
    """The client has broken the protocol: it is told why, and closed."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, its headers unescaped; of headers that were repeated the first is here."""

    command: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def encode(frame: Frame, version: Version) -> bytes:
    """The frame's bytes; a body gets its length."""
    escapes = {} if frame.command in UNESCAPED else _ESCAPES[version]
    lines = [frame.command]
    for name, value in frame.headers.items():
        lines.append(f"{_escape(name, escapes)}:{_escape(value, escapes)}")
    if frame.body and "content-length" not in frame.headers:
        lines.append(f"content-length:{len(frame.body)}")
    return "\n".join(lines).encode() + b"\n\n" + frame.body + b"\0"


def _escape(text: str, escapes: Mapping[str, str]) -> str:
    return "".join(escapes.get(character, character) for character in text)


def unescape(text: str, version: Version) -> str:
    """The text that was escaped.

    Raises:
        StompError: it has an escape that the version does not know.
    """
    known = _UNESCAPES[version]
    if not known or "\\" not in text:
        return text

    def replace(match: re.Match[str]) -> str:
        if match[0] not in known:
            raise StompError(f"undefined escape {match[0]!r} in a header")
        return known[match[0]]

    return _ESCAPED.sub(replace, text)
