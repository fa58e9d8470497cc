"""A store that was away and then fences: what was not read meanwhile is read again."""

from pathlib import Path

from connectors.sink import Batch, FencedError, StoreDownError
from schemas.codec import encode
from tests.connectors.feeding import Feeding, eventually, make_topics, produce
from tests.connectors.sqlite_sink import SqliteSink, stored
from tests.fixtures.kafka import TestBroker


class _AwayThenFenced(SqliteSink):
    """Like a store that dies when it has written and before it has said so."""

    troubles = 3

    def write(self, batch: Batch) -> int:
        if self.troubles:
            self.troubles -= 1
            if self.troubles:
                raise StoreDownError("away")
            raise FencedError("the positions are not those")
        return super().write(batch)


def test_it_reads_on(broker: TestBroker, unique: str, tmp_path: Path) -> None:
    make_topics(broker.bootstrap, {unique: 3})
    ticks = [(unique, n % 3, None, encode("Tick", {"time_ms": n})) for n in range(300)]
    produce(broker.bootstrap, ticks)
    file = tmp_path / "store.db"

    sink = _AwayThenFenced(file, (unique,), unique)
    with Feeding(broker.bootstrap, sink, batch_records=50) as feeding:
        eventually(lambda: len(stored(file)) == 300, "all are stored", seconds=20)
        assert feeding.metric("fenced_total") == 1
