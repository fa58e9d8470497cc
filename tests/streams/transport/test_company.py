"""A round of records that nobody waits for begins a little later, with whatever came meanwhile."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from streams.transport import TransportSettings
from streams.transport.reader import GroupReader


class Said:
    """A record that is urgent or not by its text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def error(self) -> None:
        return None


class Arrivals:
    """A librdkafka consumer: groups of records, each of which comes while it is polled for."""

    def __init__(self, *groups: str, meanwhile: Callable[[], None] = lambda: None) -> None:
        self.groups = [[Said(text) for text in group.split()] for group in groups]
        self.meanwhile = meanwhile
        self.waited: list[float] = []
        self._here: list[Said] = []

    def poll(self, timeout: float) -> Said | None:
        self.waited.append(timeout)
        if len(self.waited) == 2:
            self.meanwhile()
        if not self._here and self.groups:
            self._here = self.groups.pop(0)
        return self._here.pop(0) if self._here else None

    def consume(self, count: int, timeout: float) -> list[Said]:
        taken, self._here = self._here[:count], self._here[count:]
        return taken


def reader_of(
    arrivals: Arrivals, folder: Path, *, looks: bool = True, most: int = 2_000
) -> GroupReader:
    settings = TransportSettings(
        bootstrap="nowhere",
        group="g",
        state_dir=folder,
        round_max_records=most,
        unhurried_ms=60_000,
    )
    is_urgent: Any = (lambda said: said.text.startswith("!")) if looks else None
    reader = GroupReader(settings, is_urgent)
    consumer: Any = arrivals
    reader._consumer = consumer
    return reader


def texts(taken: Any) -> str:
    messages: Iterable[Said] = taken.messages
    return " ".join(said.text for said in messages)


def test_an_urgent_record_begins_a_round_at_once(tmp_path: Path) -> None:
    arrivals = Arrivals("a !b c", "d")

    assert texts(reader_of(arrivals, tmp_path).take(0.1)) == "a !b c"
    assert arrivals.waited == [0.1]


def test_others_wait_until_an_urgent_one_comes_behind_them(tmp_path: Path) -> None:
    arrivals = Arrivals("a b", "c", "d !e f", "g")

    assert texts(reader_of(arrivals, tmp_path).take(0.1)) == "a b c d !e f"
    assert texts(reader_of(arrivals, tmp_path).take(0.1)) == "g"


def test_the_wait_is_bounded(tmp_path: Path) -> None:
    arrivals = Arrivals("a")

    assert texts(reader_of(arrivals, tmp_path).take(0.1)) == "a"
    assert len(arrivals.waited) == 2
    assert 0 < arrivals.waited[1] <= 60


def test_a_round_does_not_grow_beyond_its_size(tmp_path: Path) -> None:
    arrivals = Arrivals("a b", "c d e", "f")
    reader = reader_of(arrivals, tmp_path, most=4)

    assert texts(reader.take(0.1)) == "a b c d"
    assert texts(reader.take(0.1)) == "e f"


def test_enough_records_do_not_wait(tmp_path: Path) -> None:
    arrivals = Arrivals(" ".join("a" * 300), "b")

    assert len(reader_of(arrivals, tmp_path).take(0.1).messages) == 300  # type: ignore[union-attr]
    assert len(arrivals.waited) == 1


def test_a_rebalance_during_the_wait_throws_all_away(tmp_path: Path) -> None:
    def rebalance() -> None:
        reader.rebalanced = True

    arrivals = Arrivals("a", "!b", meanwhile=rebalance)
    reader = reader_of(arrivals, tmp_path)

    assert reader.take(0.1) is None


def test_without_a_say_all_are_urgent(tmp_path: Path) -> None:
    arrivals = Arrivals("a", "b")

    assert texts(reader_of(arrivals, tmp_path, looks=False).take(0.1)) == "a"
