"""What a stream is: it reads records, is asked by a timer, and has something to tell."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable
from typing import Any

from web.fanout.message import Message

Reads = tuple[str, str]
"""The name of a record, and a symbol."""
NOTHING: tuple[Message, ...] = ()


class Stream:
    """One name's; made when the first client listens, dropped when the last one leaves."""

    reads: tuple[Reads, ...] = ()
    """The records that it is given."""
    period_ms: int = 0
    """How often the timer asks it; 0: never."""

    def __init__(self, name: str) -> None:
        self.name = name

    def begin(self) -> None:
        """The first client listens: ``current`` tells it what is known, not ``tick``."""

    def on_record(self, record: Any) -> Iterable[Message]:
        """What a record leads to at once."""
        return NOTHING

    def tick(self) -> Iterable[Message]:
        """What there is to tell now."""
        return NOTHING

    def current(self) -> Iterable[Message]:
        """What somebody is told who listens from now on."""
        return NOTHING


class StateStream(Stream, ABC):
    """A stream on which each message says all: the newest is enough, and nothing is told twice."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._told: Hashable = None

    @abstractmethod
    def version(self) -> Hashable:
        """Differs where the content does; None: there is none yet."""

    @abstractmethod
    def content(self) -> Any:
        """What there is to say."""

    def begin(self) -> None:
        """What there is now is no news."""
        self._told = self.version()

    def changed(self) -> Any:
        """The content, if it is another than when this was asked last; else None."""
        version = self.version()
        if version is None or version == self._told:
            return None
        self._told = version
        return self.content()

    def tick(self) -> Iterable[Message]:
        """The content, if it has changed."""
        content = self.changed()
        return NOTHING if content is None else (self._message(content),)

    def on_record(self, record: Any) -> Iterable[Message]:
        """The same: a stream that reads records does not wait for the timer."""
        return self.tick()

    def current(self) -> Iterable[Message]:
        """The content as it is, whoever knows it already."""
        return NOTHING if self.version() is None else (self._message(self.content()),)

    def _message(self, content: Any) -> Message:
        return Message(self.name, content, key=self.name)
