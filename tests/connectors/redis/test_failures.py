"""Servers that are killed, full, forbidding or wrong: one clear line, no loss, and it goes on."""

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from bench.connect_redis import in_batches
from connectors.event import Event, Place
from connectors.redis import RedisSettings, RedisSink
from connectors.sink import Batch, StoreDownError
from schemas.instruments import Instrument
from tests.connectors.feeding import eventually
from tests.connectors.redis.reference import Reference
from tests.connectors.redis.stored import client_of, dump_of, sink_for
from tests.connectors.survival import KILLS
from tradeflow.stores.redis import EmbeddedRedis, EmbeddedRedisSettings

Instruments = dict[str, Instrument]


@pytest.fixture(params=[True, False], ids=["time series", "sorted sets"])
def own_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A server that may be killed."""
    settings = EmbeddedRedisSettings(port=0, data_dir=tmp_path, time_series=request.param)
    server = EmbeddedRedis(settings)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class _Writer(threading.Thread):
    """Writes batches as the runner does: what the store did not take comes again.

    It waits at ``allowed`` batches, so that there is something left for each kill.
    """

    def __init__(self, sink: RedisSink, batches: list[Batch]) -> None:
        super().__init__()
        self.written = 0
        self.allowed = 0
        self.downs: list[str] = []
        self.fault: BaseException | None = None
        self._sink = sink
        self._batches = batches
        self._may_end = threading.Event()

    def run(self) -> None:
        try:
            for batch in self._batches:
                while self.written >= self.allowed:
                    self._may_end.wait(0.005)
                while not self._is_written(batch):
                    pass
                self.written += 1
        except BaseException as fault:
            self.fault = fault

    def _is_written(self, batch: Batch) -> bool:
        try:
            if self.downs and self._sink._client is None:
                self._sink.connect()
            self._sink.write(batch)
        except StoreDownError as down:
            self.downs.append(str(down))
            self._sink.close()
            # The server needs the processor more.
            self._may_end.wait(0.02)
            return False
        return True


def test_a_server_that_is_killed_under_load_has_every_effect_once(
    own_server: EmbeddedRedis, instruments: Instruments, events: list[Event]
) -> None:
    sink = sink_for(own_server, instruments)
    reference = Reference(instruments, form=sink.candle_form.name)
    reference.add(events)
    batches = list(in_batches(events, max(1, len(events) // (KILLS * 150))))
    # There is a batch behind the last mark too, for the sink to find out with.
    marks = [number * (len(batches) - 1) // (KILLS + 1) for number in range(1, KILLS + 2)]
    writer = _Writer(sink, batches)
    writer.start()

    for there, next_mark in itertools.pairwise(marks):
        writer.allowed = next_mark
        eventually(lambda there=there: writer.written >= there or writer.fault, "some are written")
        downs = len(writer.downs)
        own_server.kill()
        writer.allowed = next_mark + 1
        eventually(lambda downs=downs: len(writer.downs) > downs, "the sink has seen it")
        own_server.start()
    writer.allowed = len(batches)
    writer.join(60)

    assert not writer.is_alive()
    assert writer.fault is None
    assert dump_of(own_server) == reference.dump()
    assert {down.split("(")[0] for down in writer.downs} <= {
        f"Redis at 127.0.0.1:{own_server.url.split(':')[-1].removesuffix('/0')} does not answer ",
        f"Redis at 127.0.0.1:{own_server.url.split(':')[-1].removesuffix('/0')} is still loading"
        " its data ",
    }
    sink.close()


def test_a_server_that_was_never_there_is_one_line(instruments: Instruments) -> None:
    sink = RedisSink(RedisSettings(url="redis://:secret@127.0.0.1:1/0"), instruments)

    with pytest.raises(StoreDownError) as raised:
        sink.connect()

    assert str(raised.value).startswith("Redis at 127.0.0.1:1 does not answer (")
    assert "secret" not in str(raised.value)
    with pytest.raises(StoreDownError, match="is not connected"):
        sink.positions([Place("trades", 0)])


def test_a_full_server_takes_nothing_by_half_and_goes_on_when_there_is_room(
    redis_server: EmbeddedRedis, instruments: Instruments, events: list[Event]
) -> None:
    sink = sink_for(redis_server, instruments)
    reference = Reference(instruments, form=sink.candle_form.name)
    batches = list(in_batches(events, 500))
    with client_of(redis_server) as client:
        for batch in batches[:3]:
            sink.write(batch)
            reference.add(batch.events)
        try:
            client.config_set("maxmemory", client.info("memory")["used_memory"] // 2)
            for _ in range(3):
                with pytest.raises(StoreDownError, match=r"is full \(maxmemory\): give it more"):
                    sink.write(batches[3])
            assert dump_of(redis_server) == reference.dump()
        finally:
            client.config_set("maxmemory", 0)
    for batch in batches[3:]:
        sink.write(batch)
        reference.add(batch.events)

    assert dump_of(redis_server) == reference.dump()
    sink.close()


def test_a_command_that_is_not_granted_is_one_line_and_loses_nothing(
    redis_server: EmbeddedRedis, instruments: Instruments, events: list[Event]
) -> None:
    password = "open-sesame"
    url = redis_server.url.replace("//", f"//tradeflow:{password}@")
    with client_of(redis_server) as client:
        client.acl_setuser("tradeflow", True, passwords=[f"+{password}"], keys=["*"],
                           channels=["*"], commands=["+@all"])  # fmt: skip
        try:
            sink = RedisSink(RedisSettings(url=url), instruments)
            sink.connect()
            reference = Reference(instruments, form=sink.candle_form.name)
            batches = list(in_batches(events, 700))
            for batch in batches[:2]:
                sink.write(batch)
            # In the middle of the script: what stands before it is done, and done again.
            client.execute_command("ACL", "SETUSER", "tradeflow", "-zadd", "-publish")
            with pytest.raises(StoreDownError, match="refuses the user a command or key"):
                sink.write(batches[2])
            client.execute_command("ACL", "SETUSER", "tradeflow", "+zadd", "+publish")
            for batch in batches[2:]:
                sink.write(batch)
            sink.close()
        finally:
            client.acl_deluser("tradeflow")
    reference.add(events)
    assert dump_of(redis_server) == reference.dump()


def test_a_key_of_another_program_is_one_line_and_loses_nothing(
    redis_server: EmbeddedRedis, instruments: Instruments, events: list[Event]
) -> None:
    sink = sink_for(redis_server, instruments)
    reference = Reference(instruments, form=sink.candle_form.name)
    with client_of(redis_server) as client:
        client.lpush("orderbook:LTCUSDT:asks", "mine")
        batches = list(in_batches(events, 3_000))
        with pytest.raises(StoreDownError, match="another program wrote: remove them, or set"):
            sink.write(batches[0])
        client.delete("orderbook:LTCUSDT:asks")
    for batch in batches:
        sink.write(batch)
    reference.add(events)

    assert dump_of(redis_server) == reference.dump()
    sink.close()


def test_a_wrong_password_is_one_line(
    plain_server: EmbeddedRedis, instruments: Instruments
) -> None:
    url = plain_server.url.replace("//", "//nobody:wrong@")
    sink = RedisSink(RedisSettings(url=url), instruments)

    with pytest.raises(StoreDownError, match="refuses the user or password of TRADEFLOW_REDIS"):
        sink.connect()


def test_a_replica_is_one_line(
    plain_server: EmbeddedRedis, instruments: Instruments, events: list[Event]
) -> None:
    sink = sink_for(plain_server, instruments)
    batch = next(iter(in_batches(events, 100)))
    with client_of(plain_server) as client:
        client.flushall()
        client.execute_command("REPLICAOF", "127.0.0.1", "1")
        try:
            with pytest.raises(StoreDownError, match="is a replica: name the primary"):
                sink.write(batch)
        finally:
            client.execute_command("REPLICAOF", "NO", "ONE")
    sink.write(batch)
    sink.close()


def test_a_server_that_would_drop_books_when_it_is_full_is_not_used(
    plain_server: EmbeddedRedis, instruments: Instruments
) -> None:
    with client_of(plain_server) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("maxmemory", "1gb")
        try:
            with pytest.raises(StoreDownError, match="also positions and books: set noeviction"):
                sink_for(plain_server, instruments)
        finally:
            client.config_set("maxmemory", 0)
            client.config_set("maxmemory-policy", "noeviction")
    sink_for(plain_server, instruments).close()


def test_candles_keep_the_form_that_they_have(
    plain_server: EmbeddedRedis, time_series_server: EmbeddedRedis, instruments: Instruments
) -> None:
    with client_of(time_series_server) as client:
        client.set("candles:redis", "sorted sets")
        sink = sink_for(time_series_server, instruments)
        assert sink.candle_form.name == "sorted sets"
        sink.clear()
        assert sink.candle_form.name == "time series"
        sink.close()
    with client_of(plain_server) as client:
        client.set("candles:redis", "time series")
        with pytest.raises(StoreDownError, match="start it with RedisTimeSeries, or rebuild"):
            sink_for(plain_server, instruments)
        client.delete("candles:redis")


def test_a_forgotten_script_is_told_again(
    redis_server: EmbeddedRedis, instruments: Instruments, events: list[Event]
) -> None:
    sink = sink_for(redis_server, instruments)
    reference = Reference(instruments, form=sink.candle_form.name)
    with redis.Redis.from_url(redis_server.url) as client:
        for batch in in_batches(events[:2_000], 400):
            client.script_flush()
            sink.write(batch)
            reference.add(batch.events)

    assert dump_of(redis_server) == reference.dump()
    sink.close()
