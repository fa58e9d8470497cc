"""MySQL's connector: the sink beside the bare driver, and the whole way from the topics.

Both write the same rows, in batches of the same events, into tables of the same schema, a commit a
batch.  The bare driver gets them ready-made; the sink converts, collapses, locks and adds up.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import mysql.connector

from bench.domain import settled_memory
from bench.exchange_events import PARTITIONS, ExchangeEvents
from bench.figure import Figure, at_least, figure, times
from bench.kafka import BenchBroker
from bench.run import Run
from connectors.event import Event, Place
from connectors.health import Health
from connectors.metrics import Metrics
from connectors.mysql import MysqlSettings, MysqlSink
from connectors.mysql.batch_rows import BatchRows
from connectors.mysql.connection import open_connection
from connectors.mysql.tables import WALLET_BALANCE, SqlTable
from connectors.mysql.values import amount, grids, moment
from connectors.rebuild import Rebuild
from connectors.runner import Runner
from connectors.settings import ConnectorSettings
from connectors.sink import Batch
from schemas.codec import encoder
from schemas.instruments import Instrument
from tradeflow.errors import TradeflowError
from tradeflow.stores.mysql import EmbeddedMysql, EmbeddedMysqlSettings

BATCH = 2_000
Rows = list[tuple[SqlTable, list[tuple[Any, ...]]]]


def measure(run: Run) -> list[Figure]:
    """Sink, driver and the whole way in every round."""
    run.say("making events")
    made = ExchangeEvents(run.size(12_000, 300))
    events = made.events
    sink, driver, whole = [], [], []
    run.say("starting MySQL and a broker")
    with _server(run.folder / "mysql") as server, BenchBroker(run.folder) as broker:
        broker.make_topics()
        _fill(broker, events)
        for number in range(run.rounds):
            run.say(f"round {number + 1} of {run.rounds}")
            with _database(server) as settings:
                sink.append(_sink_rate(settings, made.instruments, events))
            with _database(server) as settings:
                driver.append(_driver_rate(settings, made.instruments, events))
            with _database(server) as settings:
                whole.append(_whole_rate(settings, made.instruments, broker.bootstrap))
    note = f"batches of {BATCH} events, a durable commit each; {len(events)} events"
    beside = ("the driver's executemany", driver)
    return [
        figure("connect_mysql", "sink", sink, "rows/s", goal=at_least(10_000), note=note),
        figure(
            "connect_mysql",
            "sink beside the bare driver",
            sink,
            "rows/s",
            beside=beside,
            goal=times(0.6),
            note=note,
        ),
        figure(
            "connect_mysql",
            "from the topics into MySQL",
            whole,
            "rows/s",
            beside=beside,
            goal=at_least(10_000),
            note=note,
        ),
    ]


# --- the sink ---------------------------------------------------------------------------------


def batches(events: Sequence[Event]) -> Iterator[Batch]:
    """Events as the runner hands them over."""
    positions: dict[Place, int] = {}
    for start in range(0, len(events), BATCH):
        part = events[start : start + BATCH]
        ends = {event.place: event.offset + 1 for event in part}
        yield Batch(part, {place: positions.get(place, 0) for place in ends}, ends)
        positions |= ends


def _sink_rate(
    settings: MysqlSettings, instruments: dict[str, Instrument], events: Sequence[Event]
) -> float:
    sink = MysqlSink(settings, instruments)
    sink.connect()
    ready = list(batches(events))
    with settled_memory():
        started = time.perf_counter()
        rows = sum(map(sink.write, ready))
        seconds = time.perf_counter() - started
    sink.close()
    return rows / seconds


# --- the bare driver --------------------------------------------------------------------------


def _driver_rate(
    settings: MysqlSettings, instruments: dict[str, Instrument], events: Sequence[Event]
) -> float:
    sink = MysqlSink(settings, instruments)
    sink.connect()
    sink.close()
    ready = [_rows(batch, instruments) for batch in batches(events)]
    count = sum(len(rows) for batch in ready for _, rows in batch)
    with closing(open_connection(settings)) as connection, settled_memory():
        started = time.perf_counter()
        for batch in ready:
            with closing(connection.cursor()) as cursor:
                for table, rows in batch:
                    cursor.executemany(table.statement, rows)
            connection.commit()
        return count / (time.perf_counter() - started)


def _rows(batch: Batch, instruments: dict[str, Instrument]) -> Rows:
    made = BatchRows(grids(instruments))
    for event in batch.events:
        made.add(event)
    balances = []
    for wallet, change in made.ledger.balances.items():
        available, held = change.told or (change.available, change.held)
        amounts = amount(available), amount(held)
        about = wallet, change.account_id, change.asset
        balances.append((*about, *amounts, moment(change.last_ms)))
    return [*made.by_table(), *([(WALLET_BALANCE, balances)] if balances else [])]


# --- the whole way ----------------------------------------------------------------------------


def _fill(broker: BenchBroker, events: Sequence[Event]) -> None:
    broker_partitions = {event.place.partition for event in events}
    assert broker_partitions <= set(range(PARTITIONS))
    for topic in MysqlSink.topics:
        broker.fill(
            topic,
            (
                {
                    "key": event.key,
                    "value": encoder(event.name)(dict(event.record)),
                    "partition": event.place.partition,
                }
                for event in events
                if event.place.topic == topic
            ),
        )


def _whole_rate(
    settings: MysqlSettings, instruments: dict[str, Instrument], bootstrap: str
) -> float:
    """From the first records read to the last ones stored; joining the group is not in it."""
    sink = MysqlSink(settings, instruments)
    metrics = Metrics(sink.name)
    begun: list[float] = []
    rebuild = Rebuild(lambda done, all_: None)

    def watch(runner: Runner) -> None:
        if runner.positions and not begun:
            begun.append(time.perf_counter())
        rebuild(runner)

    runner = Runner(
        sink,
        ConnectorSettings(broker=bootstrap, batch_records=BATCH),
        stop=threading.Event(),
        metrics=metrics,
        health=Health(sink.name),
        watch=watch,
    )
    runner.run()
    seconds = time.perf_counter() - begun[0]
    rows = metrics.registry.get_sample_value("tradeflow_connector_rows_total", {"sink": sink.name})
    if not rebuild.is_done or not rows:
        raise TradeflowError("The connector did not reach the end of the topics.")
    return rows / seconds


# --- MySQL ------------------------------------------------------------------------------------


@contextmanager
def _server(folder: Path) -> Iterator[EmbeddedMysql]:
    server = EmbeddedMysql(EmbeddedMysqlSettings(port=0, data_dir=folder))
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def _database(server: EmbeddedMysql) -> Iterator[MysqlSettings]:
    """An empty database, gone afterwards, so that each round begins alike."""
    name = f"bench_{uuid4().hex[:8]}"
    with closing(mysql.connector.connect(unix_socket=str(server.socket), user="root")) as root:
        cursor = root.cursor()
        cursor.execute(f"CREATE DATABASE {name}")
        cursor.execute(f"GRANT ALL ON {name}.* TO tradeflow")
        yield MysqlSettings(port=server.port, database=name)
        cursor.execute(f"DROP DATABASE {name}")
