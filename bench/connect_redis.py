"""The Redis sink: records a second, beside the bare driver with the same commands in pipelines."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from bench.domain import settled_memory
from bench.figure import Figure, at_least, figure, times
from bench.flow import bench_instruments
from bench.market_events import MarketEvents
from bench.run import Run
from connectors.event import Event, Place
from connectors.redis import RedisSettings, RedisSink
from connectors.redis.candle_series import TimeSeries
from connectors.redis.keys import Keys
from connectors.redis.plan import BatchPlan
from connectors.redis.scales import Scales
from connectors.redis.sink import connected
from connectors.sink import Batch
from schemas.instruments import Instrument
from tradeflow.stores.redis import EmbeddedRedis, EmbeddedRedisSettings

BATCH = 2_000
"""Records in a batch, as the runner has them by default."""

Command = tuple[str | int, ...]


def measure(run: Run) -> list[Figure]:
    """Records a second into a server with RedisTimeSeries, append-only file and all."""
    instruments = bench_instruments(run.folder)
    run.say("making records")
    now_ms = time.time_ns() // 1_000_000
    events = MarketEvents(instruments, logged_ms=now_ms).take(run.size(60_000, 2_000))
    batches = list(in_batches(events, BATCH))
    server = EmbeddedRedis(EmbeddedRedisSettings(port=0, data_dir=run.folder / "redis"))
    server.start()
    try:
        settings = RedisSettings(url=server.url)
        pipelines = list(_same_commands(batches, instruments, settings, now_ms))
        mine, bare, values = [], [], 0
        for number in range(run.rounds):
            run.say(f"round {number + 1} of {run.rounds}")
            seconds, values = _by_the_sink(batches, instruments, settings)
            mine.append(len(events) / seconds)
            bare.append(len(events) / _by_the_driver(pipelines, settings))
    finally:
        server.stop()
    note = (
        f"{len(events)} records of {len({event.name for event in events})} kinds in batches of"
        f" {BATCH}, {values} values written, each record told on its channel"
    )
    return [
        figure(
            "connect_redis", "Redis sink", mine, "records/s",
            goal=at_least(20_000), note=note,
        ),
        figure(
            "connect_redis", "Redis sink, of the driver", mine, "records/s",
            beside=("redis-py, pipelines", bare), goal=times(0.6),
        ),
    ]  # fmt: skip


def in_batches(events: Sequence[Event], size: int) -> Iterator[Batch]:
    """Events as the runner hands them over."""
    positions: dict[Place, int] = defaultdict(int)
    for first in range(0, len(events), size):
        part = events[first : first + size]
        ends = {event.place: event.offset + 1 for event in part}
        yield Batch(part, {place: positions[place] for place in ends}, ends)
        positions.update(ends)


def _by_the_sink(
    batches: list[Batch], instruments: dict[str, Instrument], settings: RedisSettings
) -> tuple[float, int]:
    sink = RedisSink(settings, instruments)
    sink.connect()
    sink.clear()
    values = 0
    with settled_memory():
        started = time.perf_counter()
        for batch in batches:
            values += sink.write(batch)
        seconds = time.perf_counter() - started
    sink.clear()
    sink.close()
    return seconds, values


def _by_the_driver(pipelines: list[list[Command]], settings: RedisSettings) -> float:
    client = connected(settings)
    client.flushdb()
    with settled_memory():
        started = time.perf_counter()
        for commands in pipelines:
            pipeline: Any = client.pipeline(transaction=False)
            for command in commands:
                pipeline.execute_command(*command)
            # The first ones create series, which is an error when it is done again.
            pipeline.execute(raise_on_error=True)
        seconds = time.perf_counter() - started
    client.flushdb()
    client.close()
    return seconds


def _same_commands(
    batches: list[Batch],
    instruments: dict[str, Instrument],
    settings: RedisSettings,
    now_ms: int,
) -> Iterator[list[Command]]:
    """What the script calls, made beforehand: the driver is spared the work on records."""
    keys, scales = Keys(), Scales(instruments)
    form = TimeSeries(keys, settings.candles_kept)
    there: set[str] = set()
    for batch in batches:
        plan = BatchPlan(keys, scales, form, now_ms=now_ms, tell_from_ms=0)
        plan.add(batch.events)
        commands = list(_Commands(plan.arguments(()), there).all())
        positions = [value for place, end in batch.ends.items() for value in (str(place), end)]
        yield [*commands, ("HSET", keys.positions, *positions)]


class _Commands:
    """The script's operations as the commands that it makes of them."""

    def __init__(self, arguments: list[str | int], there: set[str]) -> None:
        self._left = iter(arguments)
        self._there = there

    def all(self) -> Iterator[Command]:
        for name in self._left:
            yield from getattr(self, f"_{name}")()

    def _value(self) -> str | int:
        return next(self._left)

    def _list(self) -> list[str | int]:
        return [self._value() for _ in range(int(self._value()))]

    def _set(self) -> Iterator[Command]:
        yield "SET", self._value(), self._value()

    def _set_until(self) -> Iterator[Command]:
        yield "SET", self._value(), self._value(), "EXAT", self._value()

    def _hash(self) -> Iterator[Command]:
        yield "HSET", self._value(), *self._list()

    def _forget(self) -> Iterator[Command]:
        yield "UNLINK", *self._list()

    def _publish(self) -> Iterator[Command]:
        channel = self._value()
        yield from (("PUBLISH", channel, message) for message in self._list())

    def _book(self) -> Iterator[Command]:
        book, _first, last, time_ms = (self._value() for _ in range(4))
        gone_bids, gone_asks, levels, bids, asks = (self._list() for _ in range(5))
        wanted: tuple[tuple[str, str | int, list[str | int]], ...] = (
            ("HDEL", book, gone_bids),
            ("ZREM", f"{book}:bids", gone_bids),
            ("HDEL", book, gone_asks),
            ("ZREM", f"{book}:asks", gone_asks),
            ("HSET", book, levels),
            ("ZADD", f"{book}:bids", bids),
            ("ZADD", f"{book}:asks", asks),
        )
        yield from ((command, key, *values) for command, key, values in wanted if values)
        state = ("update_id", last, "time_ms", time_ms, "needs", "0")
        yield "HSET", f"{book}:state", *state

    def _snapshot(self) -> Iterator[Command]:
        # A whole book has no use for it.
        for _ in range(4):
            self._value()
        self._list()
        self._list()
        yield from ()

    def _series(self) -> Iterator[Command]:
        key, retention, symbol, interval = (self._value() for _ in range(4))
        values = self._list()
        keys = (f"{key}:open", f"{key}:high", f"{key}:low", str(key), f"{key}:volume")
        if str(key) not in self._there:
            self._there.add(str(key))
            for name in keys:
                yield (
                    "TS.CREATE", name, "RETENTION", retention, "DUPLICATE_POLICY", "LAST",
                    "LABELS", "symbol", symbol, "interval", interval,
                )  # fmt: skip
        samples: list[str | int] = []
        for first in range(0, len(values), 6):
            for number, name in enumerate(keys, start=1):
                samples += (name, values[first], values[first + number])
        yield "TS.MADD", *samples
