"""Data and positions never part: repeats, other writers, lost answers, an emptied store."""

import dataclasses

import pytest

from bench.connect_redis import in_batches
from connectors.event import Event, Place
from connectors.redis import RedisSettings, RedisSink
from connectors.sink import FencedError, StoreDownError
from schemas.instruments import Instrument
from tests.connectors.redis.losing_proxy import LosingProxy
from tests.connectors.redis.reference import Reference
from tests.connectors.redis.stored import client_of, dump_of, sink_for
from tradeflow.stores.redis import EmbeddedRedis

Instruments = dict[str, Instrument]


def test_positions_are_those_of_what_was_written(
    redis_server: EmbeddedRedis, instruments: Instruments, events: list[Event]
) -> None:
    sink = sink_for(redis_server, instruments)
    places = {event.place for event in events}
    assert sink.positions(places) == {}
    assert sink.positions([]) == {}
    ends: dict[Place, int] = {}

    for batch in in_batches(events[:4_000], 500):
        sink.write(batch)
        ends |= batch.ends

    unread = Place("trades", 99)
    assert sink.positions({*places, unread}) == ends
    sink.close()


def test_the_same_batches_again_are_fenced_and_change_nothing(
    redis_server: EmbeddedRedis, instruments: Instruments, events: list[Event]
) -> None:
    sink = sink_for(redis_server, instruments)
    batches = list(in_batches(events, 900))
    for batch in batches:
        sink.write(batch)
    before = dump_of(redis_server)

    for batch in batches:
        with pytest.raises(FencedError, match="another connector writes to it"):
            sink.write(batch)

    assert dump_of(redis_server) == before
    sink.close()


def test_one_place_that_is_not_as_expected_stops_the_whole_batch(
    redis_server: EmbeddedRedis, instruments: Instruments, events: list[Event]
) -> None:
    sink = sink_for(redis_server, instruments)
    first, second, *_ = in_batches(events, 900)
    sink.write(first)
    before = dump_of(redis_server)
    for place in second.starts:
        for wrong in (0, second.starts[place] + 1, second.starts[place] - 1):
            if wrong == second.starts[place] or wrong < 0:
                continue
            starts = {**second.starts, place: wrong}
            with pytest.raises(FencedError):
                sink.write(dataclasses.replace(second, starts=starts))

    assert dump_of(redis_server) == before
    assert sink.write(second) > 0
    sink.close()


def test_of_two_writers_one_goes_on(
    redis_server: EmbeddedRedis, instruments: Instruments, events: list[Event]
) -> None:
    old, new = sink_for(redis_server, instruments), sink_for(redis_server, instruments)
    reference = Reference(instruments, form=new.candle_form.name)
    fenced = 0
    for number, batch in enumerate(in_batches(events, 400)):
        writers = [old, new] if number % 2 else [new, old]
        for writer in writers:
            try:
                writer.write(batch)
            except FencedError:
                fenced += 1
        reference.add(batch.events)

    assert fenced == len(list(in_batches(events, 400)))
    assert dump_of(redis_server) == reference.dump()
    old.close()
    new.close()


def test_a_batch_whose_answer_got_lost_is_known_when_it_comes_again(
    redis_server: EmbeddedRedis, instruments: Instruments, events: list[Event]
) -> None:
    proxy = LosingProxy(redis_server.url)
    sink = RedisSink(RedisSettings(url=proxy.url), instruments)
    sink.connect()
    reference = Reference(instruments, form=sink.candle_form.name)
    batches = list(in_batches(events[:6_000], 700))
    for batch in batches:
        proxy.lose()
        # The client does not send it again by itself: that would look like another writer.
        with pytest.raises(StoreDownError, match="does not answer"):
            sink.write(batch)
        sink.connect()
        assert sink.write(batch) == 0
        with pytest.raises(FencedError):
            sink.write(batch)
        reference.add(batch.events)
    sink.close()
    proxy.close()

    assert proxy.lost == len(batches)
    assert dump_of(redis_server) == reference.dump()


def test_clear_removes_what_the_sink_wrote_and_nothing_else(
    redis_server: EmbeddedRedis, instruments: Instruments, events: list[Event]
) -> None:
    strangers = {
        "price:of-something-else": "1",
        "processed:saga:mine": "1",
        "ticker:x": "y",
        "other:orderbook:BTCUSDT": "z",
    }
    neighbour = sink_for(redis_server, instruments, key_prefix="n*:")
    sink = sink_for(redis_server, instruments)
    with client_of(redis_server) as client:
        client.mset(strangers)
        neighbour.write(next(iter(in_batches(events, 3_000))))
        before = dump_of(redis_server)
        for batch in in_batches(events, 3_000):
            sink.write(batch)
        client.set("cache:price:BTCUSDT", "9", ex=60)

        sink.clear()

    assert dump_of(redis_server) == before
    assert sink.positions({event.place for event in events}) == {}
    sink.close()
    neighbour.clear()
    assert dump_of(redis_server) == strangers
    neighbour.close()


def test_a_cleared_store_is_filled_again_with_the_same(
    redis_server: EmbeddedRedis, instruments: Instruments, events: list[Event]
) -> None:
    sink = sink_for(redis_server, instruments)
    for batch in in_batches(events, 1_000):
        sink.write(batch)
    before = dump_of(redis_server)

    sink.clear()
    for batch in in_batches(events, 333):
        sink.write(batch)

    assert dump_of(redis_server) == before
    sink.close()
