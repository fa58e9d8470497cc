"""The server killed under load: the trail is the reference's afterwards, to the last document."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from connectors.event import Event
from connectors.mongodb.collections import AUDIT_LOGS
from connectors.mongodb.settings import MongodbSettings
from connectors.mongodb.sink import MongodbSink
from connectors.sink import FencedError, StoreDownError
from tests.connectors.feeding import eventually
from tests.connectors.mongodb.made_log import batches, made_log
from tests.connectors.mongodb.reference_trail import checksum, reference_trail, trail_in
from tests.connectors.survival import KILLS
from tests.fixtures.mongodb import NODE, new_server, settings_for
from tradeflow.stores.mongodb import EmbeddedMongodb

PER_KILL = 300
"""Commands of clients between two kills: some thousand documents."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedMongodb]:
    server = new_server(tmp_path)
    server.start()
    yield server
    server.stop()


class _Feeder:
    """Hands batches over as a runner does, whatever becomes of the store."""

    def __init__(self, settings: MongodbSettings, events: list[Event]) -> None:
        self._sink = MongodbSink(settings)
        self._events = events
        self.failures = 0
        self.batches = 0
        self.is_done = False
        self.fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "_Feeder":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(90)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self.is_done:
                try:
                    self._feed()
                except (StoreDownError, FencedError):
                    self.failures += 1
        except BaseException as fault:
            self.fault = fault
        self._sink.close()

    def _feed(self) -> None:
        self._sink.connect()
        starts = self._sink.positions({event.place for event in self._events})
        for batch in batches(self._events, 40, starts):
            self._sink.write(batch)
            self.batches += 1
        self.is_done = True


def _require_the_reference(settings: MongodbSettings, events: list[Event]) -> None:
    with MongoClient[Any](settings.url, tz_aware=True) as client:
        found = trail_in(client[settings.database][AUDIT_LOGS])
    expected = reference_trail(events, NODE)
    assert len(found) == len(expected)
    assert checksum(found) == checksum(expected)


@pytest.mark.slow
@pytest.mark.timeout(120 + 20 * KILLS)
def test_the_trail_is_whole_after_kills_under_load(server: EmbeddedMongodb) -> None:
    events = made_log(PER_KILL * (KILLS + 1), seed=7)
    settings = settings_for(server.url).model_copy(update={"timeout_ms": 500})

    with _Feeder(settings, events) as feeder:
        for kill in range(KILLS):
            share = len(events) // 40 * (kill + 1) // (KILLS + 2)
            eventually(lambda share=share: feeder.batches >= share, "it is fed")  # type: ignore[misc]
            assert not feeder.is_done
            failures = feeder.failures
            server.kill()
            eventually(lambda seen=failures: feeder.failures > seen, "it is missed")  # type: ignore[misc]
            server.start()
        eventually(lambda: feeder.is_done, "all is fed")
    assert feeder.fault is None
    _require_the_reference(settings, events)
    server.kill()
    server.start()
    _require_the_reference(settings, events)


def test_a_server_that_is_away_is_one_clear_line(tmp_path: Path) -> None:
    sink = MongodbSink(
        MongodbSettings(
            url="mongodb://ann:secret@127.0.0.1:9/?directConnection=true", timeout_ms=100
        )
    )
    with pytest.raises(StoreDownError) as down:
        sink.connect()
    said = str(down.value)
    assert said.startswith("MongoDB at 127.0.0.1:9 cannot be reached: ")
    assert "secret" not in said and "\n" not in said and len(said) < 200


def test_an_address_that_is_none_is_one_clear_line() -> None:
    with pytest.raises(StoreDownError, match="TRADEFLOW_MONGODB_URL is no address of MongoDB"):
        MongodbSink(MongodbSettings(url="mongodb://127.0.0.1:port")).connect()
