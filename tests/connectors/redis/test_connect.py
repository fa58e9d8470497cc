"""`tradeflow connect redis` as a process: it and its server are killed under load."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from bench.flow import write_instruments
from connectors.event import Event
from schemas.codec import encode
from schemas.instruments import Instrument
from schemas.topics import DEFAULT_KEYED_PARTITIONS
from tests.connectors.feeding import Written, eventually, make_topics, produce
from tests.connectors.redis.reference import Reference
from tests.connectors.redis.stored import client_of, dump_of
from tests.connectors.redis.test_failures import KILLS
from tradeflow.broker import BrokerSettings, EmbeddedBroker
from tradeflow.stores.redis import EmbeddedRedis, EmbeddedRedisSettings

TOPICS = (
    "trades",
    "tickers",
    "candles",
    "orderbook.updates",
    "orderbook.snapshots",
    "orders-orders-changelog",
)
_OPEN = "the circuit breaker is open"


class _Connector:
    """A log, a server, and a process between them."""

    def __init__(self, folder: Path, server: EmbeddedRedis) -> None:
        self.server = server
        self.broker = EmbeddedBroker(BrokerSettings(port=0, data_dir=folder / "kafka"))
        self.broker.start()
        make_topics(self.broker.bootstrap, dict.fromkeys(TOPICS, DEFAULT_KEYED_PARTITIONS))
        self._log = folder / "connector.log"
        self._environment = {
            **os.environ,
            "BROKER": self.broker.bootstrap,
            "TRADEFLOW_REDIS_URL": server.url,
            "TRADEFLOW_INSTRUMENTS": str(write_instruments(folder / "instruments.json")),
            "TRADEFLOW_CONNECT_BATCH_RECORDS": "40",
            "TRADEFLOW_CONNECT_LINGER_MS": "5",
            "TRADEFLOW_CONNECT_SESSION_TIMEOUT_MS": "6000",
            "TRADEFLOW_CONNECT_BREAKER_RESET_SECONDS": "0.3",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, *more: str) -> subprocess.Popen[bytes]:
        """Start it."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tradeflow", "connect", "redis", *more],
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self.process

    def end(self, number: int) -> int:
        """Send it a signal; its exit code."""
        assert self.process is not None
        process, self.process = self.process, None
        process.send_signal(number)
        return process.wait(30)

    def kill(self) -> None:
        """End it as a crash would."""
        self.end(signal.SIGKILL)

    def close(self) -> None:
        """End all that was started."""
        if self.process is not None:
            self.kill()
        self.broker.stop()

    def said(self) -> str:
        """All that it has said."""
        return self._log.read_text(errors="replace")

    def written(self) -> int:
        """The sum of positions in the server; 0 while it does not answer."""
        return sum(self.positions().values())

    def positions(self) -> dict[str, int]:
        """Positions in the server; none while it does not answer."""
        try:
            with client_of(self.server) as client:
                found: Any = client.hgetall("positions:redis")
        except OSError:
            return {}
        except Exception as error:
            if type(error).__module__.startswith("redis"):
                return {}
            raise
        return {place: int(position) for place, position in found.items()}

    def ends(self) -> dict[str, int]:
        """The offset behind the last record of each partition, where there is one."""
        ends = {}
        consumer = Consumer({"bootstrap.servers": self.broker.bootstrap, "group.id": "looking"})
        for topic in TOPICS:
            for number in range(DEFAULT_KEYED_PARTITIONS):
                _, end = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=10)
                if end:
                    # Behind it is the marker of its transaction.
                    ends[f"{topic}/{number}"] = end - 1
        consumer.close()
        return ends

    def forget_offsets(self) -> None:
        """Set the group's offsets to the beginning."""
        start = [
            TopicPartition(topic, number, 0)
            for topic in TOPICS
            for number in range(DEFAULT_KEYED_PARTITIONS)
        ]
        admin = AdminClient({"bootstrap.servers": self.broker.bootstrap})
        group = "connect-redis"
        admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, start)])[
            group
        ].result(30)


@pytest.fixture
def connector(tmp_path: Path) -> Iterator[_Connector]:
    server = EmbeddedRedis(EmbeddedRedisSettings(port=0, data_dir=tmp_path / "redis"))
    server.start()
    connector = _Connector(tmp_path, server)
    try:
        yield connector
    finally:
        connector.close()
        server.stop()


def _records(events: list[Event]) -> Iterator[Written]:
    for event in events:
        yield *event.place, event.key, encode(event.name, event.record)


def _content(server: EmbeddedRedis) -> dict[str, Any]:
    keys = dump_of(server)
    del keys["positions:redis"]
    return keys


@pytest.mark.slow
@pytest.mark.timeout(300 + 30 * KILLS)
def test_killed_servers_and_connectors_leave_every_effect_once(
    connector: _Connector, instruments: dict[str, Instrument], events: list[Event]
) -> None:
    reference = Reference(instruments, form="time series")
    reference.add(events)
    expected = {key: value for key, value in reference.dump().items() if key != "positions:redis"}
    size = len(events) // (2 * KILLS + 1) + 1
    parts = [events[first : first + size] for first in range(0, len(events), size)]
    produce(connector.broker.bootstrap, _records(parts[0]))

    connector.run()
    written = 0
    for number, part in enumerate(parts[1:], start=1):
        total = sum(connector.ends().values())
        there = (written + total) // 2
        eventually(lambda there=there: connector.written() >= there, "some are written")
        written = total
        opened = connector.said().count(_OPEN)
        (connector.server.kill if number % 2 else connector.kill)()
        # There is more to write, however far it has come.
        produce(connector.broker.bootstrap, _records(part))
        if number % 2:
            eventually(
                lambda opened=opened: connector.said().count(_OPEN) > opened,
                "the connector has seen it",
            )
            connector.server.start()
        else:
            connector.run()
    ends = connector.ends()
    eventually(lambda: connector.positions() == ends, "all are written")
    assert _content(connector.server) == expected

    # Its group's offsets say nothing.
    assert connector.end(signal.SIGTERM) == 0
    connector.forget_offsets()
    before = connector.said().count("reads 24 partitions")
    connector.run()
    eventually(
        lambda: connector.said().count("reads 24 partitions") > before, "it reads from the start"
    )
    tick = ("trades", 0, None, encode("Tick", {"time_ms": 1}))
    produce(connector.broker.bootstrap, [tick])
    after = connector.ends()
    eventually(lambda: connector.positions() == after, "it goes on")
    assert _content(connector.server) == expected
    assert connector.end(signal.SIGTERM) == 0

    # And all is the same when it is built anew.
    with client_of(connector.server) as client:
        client.delete("price:BTCUSDT", "orderbook:ETHUSDT")
    assert connector.run("--rebuild").wait(120) == 0
    assert "redis is rebuilt." in connector.said()
    assert _content(connector.server) == expected


def test_an_address_that_will_not_do_is_one_line() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tradeflow", "connect", "redis"],
        env={**os.environ, "BROKER": "127.0.0.1:1", "TRADEFLOW_REDIS_URL": "http://here"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 78
    assert "TRADEFLOW_REDIS_URL=http://here will not do" in ended.stderr
    assert "Traceback" not in ended.stderr
