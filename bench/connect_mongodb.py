"""The MongoDB sink: documents a second, beside bare pymongo with the same documents."""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.domain import markets_after, settled_memory
from bench.figure import Figure, at_least, figure, times
from bench.flow import Flow, bench_instruments
from bench.run import Run
from connectors.event import Event, Place
from connectors.mongodb.collections import AUDIT_LOGS
from connectors.mongodb.connection import connect, database_of
from connectors.mongodb.documents import document_of
from connectors.mongodb.settings import MongodbSettings
from connectors.mongodb.sink import MongodbSink
from connectors.sink import Batch
from schemas.codec import decode, encode
from schemas.headers import Actor, RecordHeaders
from schemas.topics import ORDERS_EXECUTIONS, ORDERS_INCOMING, TRADES
from tradeflow.stores.mongodb import EmbeddedMongodb, EmbeddedMongodbSettings

BATCH = 2_000
"""Records in a batch, as the runner has them by default."""

PARTITIONS = 4


def measure(run: Run) -> list[Figure]:
    """Documents a second into a server that writes its log to the disk at every insert."""
    run.say("making records")
    events = _events(run, run.size(60_000, 2_000))
    batches = list(_in_batches(events))
    mine, bare = [], []
    for number in range(run.rounds):
        run.say(f"round {number + 1} of {run.rounds}")
        with _new_server(run.folder / f"sink-{number}") as settings:
            mine.append(len(events) / _by_the_sink(batches, settings))
        with _new_server(run.folder / f"driver-{number}") as settings:
            bare.append(len(events) / _by_the_driver(batches, settings))
    note = (
        f"{len(events)} commands, reports and trades in batches of {BATCH}, with validator and"
        " three indexes, each insert on the disk before it is answered, into a new server each time"
    )
    return [
        figure(
            "connect_mongodb", "MongoDB sink", mine, "documents/s",
            goal=at_least(15_000), note=note,
        ),
        figure(
            "connect_mongodb", "MongoDB sink, of the driver", mine, "documents/s",
            beside=("pymongo, insert_many", bare), goal=times(0.6),
        ),
    ]  # fmt: skip


def _events(run: Run, count: int) -> list[Event]:
    """What matching reads and writes, as it comes from the log."""
    instruments = bench_instruments(run.folder)
    flow = Flow(instruments, resting=2_000)
    markets = markets_after(flow.fill(), instruments)
    events: list[Event] = []
    while len(events) < count:
        for kind, command in flow.take(1_000):
            outcome = markets[command["symbol"]].apply(kind, command)
            events.append(_event(len(events), ORDERS_INCOMING.name, kind, command))
            for report in outcome.reports:
                record = report.as_record()
                events.append(
                    _event(len(events), ORDERS_EXECUTIONS.name, "ExecutionReport", record)
                )
            for trade in outcome.trades:
                events.append(_event(len(events), TRADES.name, "Trade", trade.as_record()))
    return events[:count]


def _event(number: int, topic: str, name: str, record: Any) -> Event:
    time_ms = 1_760_000_000_000 + number // 20
    headers = RecordHeaders(
        correlation_id=f"{topic}/0/{number}",
        causation_id=f"{topic}/0/{number}",
        actor=Actor(record.get("account_id", "")),
        event_time_ms=time_ms - 7,
    )
    # Texts of its own, as what is decoded has them.
    decoded = decode(encode(name, record))[1]
    place = Place(topic, number % PARTITIONS)
    return Event(place, number, b"", name, decoded, dict(headers.to_headers()), time_ms)


def _in_batches(events: Sequence[Event]) -> Iterator[Batch]:
    at: dict[Place, int] = {}
    for start in range(0, len(events), BATCH):
        part = events[start : start + BATCH]
        ends = {event.place: event.offset + 1 for event in part}
        yield Batch(part, {place: at.get(place, 0) for place in ends}, ends)
        at |= ends


@contextmanager
def _new_server(folder: Path) -> Iterator[MongodbSettings]:
    """A server that nothing was dropped from: it clears up behind a drop at its leisure."""
    server = EmbeddedMongodb(EmbeddedMongodbSettings(port=0, data_dir=folder))
    server.start()
    try:
        yield MongodbSettings(url=server.url, node_id="bench")
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _by_the_sink(batches: Sequence[Batch], settings: MongodbSettings) -> float:
    sink = MongodbSink(settings)
    sink.connect()
    with settled_memory():
        started = time.perf_counter()
        for batch in batches:
            sink.write(batch)
        seconds = time.perf_counter() - started
    sink.close()
    return seconds


def _by_the_driver(batches: Sequence[Batch], settings: MongodbSettings) -> float:
    """The same documents into a collection with the same validator and indexes."""
    sink = MongodbSink(settings)
    sink.connect()
    sink.close()
    made = [[document_of(event, settings.node_id) for event in batch.events] for batch in batches]
    with connect(settings) as client, settled_memory():
        logs = database_of(client, settings)[AUDIT_LOGS]
        started = time.perf_counter()
        for documents in made:
            logs.insert_many(documents, ordered=False)
        return time.perf_counter() - started
