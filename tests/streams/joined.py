"""The join worker from outside: what went in, what came out, and what the reference makes of it."""

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from streams.domain.window_join import JoinKind
from streams.joins.rows import decode_row
from tests.simulation.reference_join import Record, ReferenceJoin, Window
from tests.streams.transport.echo import PARTITIONS, Echo, text
from tests.streams.transport.workers import Worker, wait_until

PROGRAM = Path(__file__).with_name("join_worker.py")
BEFORE, AFTER, GRACE = 10, 40, 5
HOLD = BEFORE + AFTER + GRACE
KINDS: tuple[JoinKind, ...] = ("left", "inner")


class JoinedPipeline(Echo):
    """One group of join workers, its topics and its records."""

    def __init__(self, bootstrap: str, name: str, folder: Path, **options: Any) -> None:
        super().__init__(bootstrap, name, folder, **options)
        self.source, self.out = f"{name}-asks", f"{name}-left"
        self.right = f"{name}-answers"
        self.sent = 0

    def start(self, slot: int = 0, **more: Any) -> Worker:  # type: ignore[override]
        """Start a worker."""
        return super().start(slot, program=PROGRAM, **more)

    # --- input ------------------------------------------------------------------------------------

    def ask(self, time: int, key: str, *, partition: int = -1) -> None:
        """Send a left record."""
        self._send(self.source, time, key, partition)

    def answer(self, time: int, key: str, *, partition: int = -1) -> None:
        """Send a right record."""
        self._send(self.right, time, key, partition)

    def _send(self, topic: str, time: int, key: str, partition: int) -> None:
        self.sent += 1
        value = f"{time} {key} {self.sent}".encode()
        self.producer().produce(topic, value, key, partition)
        self.producer().poll(0)

    def tick(self, time: int, word: str = "tick", *, topics: tuple[str, ...] = ()) -> int:
        """Send a tick to all partitions of both inputs, or of some; how many."""
        chosen = topics or (self.source, self.right)
        for topic in chosen:
            for partition in range(PARTITIONS):
                self.producer().produce(topic, f"{time} {word}".encode(), None, partition)
        assert self.producer().flush(30) == 0
        return len(chosen) * PARTITIONS

    # --- output -----------------------------------------------------------------------------------

    def finish(self, time: int, word: str = "tick", *, topics: tuple[str, ...] = ()) -> None:
        """Tick, and return when both joins have passed the ticks on: what was before is done."""
        ticks = self.tick(time, word, topics=topics)
        wanted = Counter({(kind, f"{time} {word}"): ticks for kind in KINDS})
        wait_until(lambda: self._passed() & wanted == wanted, f"{ticks} ticks to pass", 60)

    def _passed(self) -> Counter[tuple[str, str]]:
        return Counter(
            (kind, message.value().decode())
            for kind in KINDS
            for message in self.read(f"{self.name}-{kind}")
            if message.key() == b"passed"
        )

    def results(self, kind: JoinKind) -> Counter[tuple[str, str]]:
        """Key and text of all that a join gave."""
        return Counter(
            (text(message.key()), message.value().decode())
            for message in self.read(f"{self.name}-{kind}")
            if message.key() != b"passed"
        )

    def rows(self, kind: JoinKind) -> Counter[str]:
        """The keys of the rows that a join's changelog leaves."""
        rows: dict[tuple[int, str], bytes] = {}
        for message in self.read(f"{self.name}-{kind}-join-changelog"):
            place = message.partition(), text(message.key())
            if message.value() is None:
                rows.pop(place, None)
            else:
                rows[place] = message.value()
        for row in rows.values():
            decode_row(row)
        return Counter(key for _, key in rows)

    # --- what is right? ---------------------------------------------------------------------------

    def inputs(self) -> dict[int, tuple[list[Record], list[Record]]]:
        """Both inputs of each partition, in the order of their logs."""
        inputs: dict[int, tuple[list[Record], list[Record]]] = defaultdict(lambda: ([], []))
        for is_left, topic in ((True, self.source), (False, self.right)):
            for message in self.read(topic):
                words = message.value().decode().split()
                is_tick = len(words) == 2
                key, value = (None, None) if is_tick else words[1:]
                record = Record(is_left, int(words[0]), key, value, is_tick)
                inputs[message.partition()][0 if is_left else 1].append(record)
        return inputs

    def reference(self, kind: JoinKind) -> list[ReferenceJoin]:
        """The slow join of each partition."""
        window = Window(kind, BEFORE, AFTER, GRACE)
        return [ReferenceJoin(window, *both) for both in self.inputs().values()]

    def wanted(self, kind: JoinKind) -> Counter[tuple[str, str]]:
        """What the join should have given."""
        wanted: Counter[tuple[str, str]] = Counter()
        for reference in self.reference(kind):
            for (key, left, right, time), count in reference.results().items():
                wanted[str(key), f"{left or '-'} {right or '-'} {time}"] += count
        return wanted

    def check(self) -> None:
        """Both joins gave what they should, nothing lost and nothing doubled."""
        for kind in KINDS:
            given, wanted = self.results(kind), self.wanted(kind)
            assert given - wanted == Counter(), f"{kind}: too much"
            assert wanted - given == Counter(), f"{kind}: too little"
