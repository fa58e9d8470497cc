"""Keys and values, held against a reference over the same events."""

import json
import time
from collections import Counter
from typing import Any

import pytest

from bench.connect_redis import in_batches
from connectors.event import Event, Place
from connectors.redis.plan import SAGA_SECONDS
from connectors.redis.saga_uuid import saga_uuid
from connectors.sink import Batch, StoreDownError
from schemas.instruments import Instrument
from tests.connectors.redis.reference import Reference
from tests.connectors.redis.stored import client_of, dump_of, sink_for
from tradeflow.stores.redis import EmbeddedRedis

Instruments = dict[str, Instrument]


@pytest.mark.parametrize("size", [1, 137, 5_000])
def test_all_keys_are_those_of_the_reference(
    redis_server: EmbeddedRedis, instruments: Instruments, events: list[Event], size: int
) -> None:
    some = events[:3_000] if size == 1 else events
    sink = sink_for(redis_server, instruments)
    reference = Reference(instruments, form=sink.candle_form.name)

    for batch in in_batches(some, size):
        sink.write(batch)
        reference.add(batch.events)

    assert dump_of(redis_server) == reference.dump()
    assert {event.name for event in some} >= {"Trade", "Ticker", "BookTicker", "Candle"}
    sink.close()


def test_only_the_newest_candles_are_kept(
    redis_server: EmbeddedRedis, instruments: Instruments, events: list[Event]
) -> None:
    sink = sink_for(redis_server, instruments, candles_kept=4)
    reference = Reference(instruments, form=sink.candle_form.name, candles_kept=4)

    for batch in in_batches(events, 700):
        sink.write(batch)
        reference.add(batch.events)

    assert dump_of(redis_server) == reference.dump()
    rows = sink.candle_form.read(client_of(redis_server), "BTCUSDT", "1s", 0, 2**50)
    told = sorted(reference.candles["BTCUSDT", "1s"])
    assert [row.open_time_ms for row in rows] == [at for at in told if at >= told[-1] - 4_000]
    assert len(told) > len(rows)
    sink.close()


def test_a_candle_of_long_ago_is_left_out_and_a_corrected_one_replaces(
    redis_server: EmbeddedRedis, instruments: Instruments, events: list[Event]
) -> None:
    sink = sink_for(redis_server, instruments, candles_kept=10)
    candle = dict(next(event.record for event in events if event.name == "Candle"))
    candle |= {"interval": "1m"}
    told = [(600_000, 7), (1_200_000, 8), (540_000, 9), (1_200_000, 5), (599_999, 3)]
    for at, (opening, lots) in enumerate(told):
        record = candle | {"open_time_ms": opening, "volume_lots": lots}
        sink.write(_batch("candles", at, "Candle", record))

    rows = sink.candle_form.read(client_of(redis_server), candle["symbol"], "1m", 0, 2**50)

    assert [(row.open_time_ms, row.volume) for row in rows] == [
        (600_000, "0.00007000"),
        (1_200_000, "0.00005000"),
    ]
    sink.close()


def test_candles_are_read_by_time_and_of_nothing_there_are_none(
    redis_server: EmbeddedRedis, instruments: Instruments, events: list[Event]
) -> None:
    sink = sink_for(redis_server, instruments)
    reference = Reference(instruments, form=sink.candle_form.name)
    for batch in in_batches(events, 2_000):
        sink.write(batch)
        reference.add(batch.events)
    told = reference.candles["ETHUSDT", "1s"]
    first, last = sorted(told)[3], sorted(told)[7]

    client = client_of(redis_server)
    rows = sink.candle_form.read(client, "ETHUSDT", "1s", first, last)

    assert [row.open_time_ms for row in rows] == sorted(told)[3:8]
    for row in rows:
        expected = told[row.open_time_ms]
        for field in ("open", "high", "low", "close"):
            price = reference.price("ETHUSDT", expected[f"{field}_ticks"])
            assert getattr(row, field) == price
    assert sink.candle_form.read(client, "ETHUSDT", "1d", 0, 5) == []
    assert sink.candle_form.read(client, "NOSUCH", "1s", 0, 2**50) == []
    sink.close()


@pytest.mark.parametrize("field", ["", ":open", ":volume"])
def test_a_series_that_was_removed_begins_again(
    time_series_server: EmbeddedRedis, instruments: Instruments, events: list[Event], field: str
) -> None:
    first, *rest = in_batches(events, 5_000)
    with client_of(time_series_server) as client:
        client.flushall()
        sink = sink_for(time_series_server, instruments)
        sink.write(first)
        client.delete(f"ticker:BTCUSDT:1s{field}")
        reference = Reference(instruments, form=sink.candle_form.name)
        for batch in rest:
            sink.write(batch)
            reference.add(batch.events)

        rows = sink.candle_form.read(client, "BTCUSDT", "1s", 0, 2**50)
    assert [row.open_time_ms for row in rows] == sorted(reference.candles["BTCUSDT", "1s"])
    assert len(rows) > 1
    sink.close()


def test_series_carry_labels(
    time_series_server: EmbeddedRedis, instruments: Instruments, events: list[Event]
) -> None:
    with client_of(time_series_server) as client:
        client.flushall()
        sink = sink_for(time_series_server, instruments)
        for batch in in_batches(events, 5_000):
            sink.write(batch)
        found = client.execute_command(
            "TS.QUERYINDEX", "symbol=BTCUSDT", "interval=1s", "field=close"
        )
    assert list(found) == ["ticker:BTCUSDT:1s"]
    sink.close()


def test_what_happens_is_told_on_channels(
    redis_server: EmbeddedRedis, instruments: Instruments, events: list[Event]
) -> None:
    client = client_of(redis_server)
    listener = listening(client)
    # However long ago the tests have begun.
    sink = sink_for(redis_server, instruments, publish_seconds=86_400)

    some = events[:6_000]
    for batch in in_batches(some, 500):
        sink.write(batch)
    client.publish("end", "{}")

    heard: dict[str, list[Any]] = {}
    for message in listener.listen():
        if message["channel"] == "end":
            break
        heard.setdefault(message["channel"], []).append(json.loads(message["data"]))
    for kind, channel, number in (
        ("Trade", "trades:BTCUSDT", "t"),
        ("DepthUpdate", "depth:BTCUSDT", "u"),
    ):
        name = {"t": "trade_id", "u": "last_update_id"}[number]
        expected = [
            e.record[name] for e in some if e.name == kind and e.record["symbol"] == "BTCUSDT"
        ]
        assert [message[number] for message in heard[channel]] == expected
    counts = Counter(event.name for event in some)
    told = Counter(message["e"] for messages in heard.values() for message in messages)
    assert told == {
        "trade": counts["Trade"],
        "depthUpdate": counts["DepthUpdate"],
        "kline": counts["Candle"],
        "24hrTicker": counts["Ticker"],
        "bookTicker": counts["BookTicker"],
    }
    listener.close()
    client.close()
    sink.close()


def test_of_the_past_nobody_is_told(
    redis_server: EmbeddedRedis, instruments: Instruments, events: list[Event]
) -> None:
    client = client_of(redis_server)
    listener = listening(client)
    sink = sink_for(redis_server, instruments, publish_seconds=0)

    for batch in in_batches(events[:2_000], 500):
        sink.write(batch)
    client.publish("end", "{}")

    assert next(listener.listen())["channel"] == "end"
    listener.close()
    client.close()
    sink.close()


def test_the_end_of_a_saga_is_known_for_a_day_from_then(
    redis_server: EmbeddedRedis, instruments: Instruments
) -> None:
    now_ms = time.time_ns() // 1_000_000
    hour_ms = 3_600_000
    sagas = (
        ("ended", "COMPLETED", now_ms - hour_ms),
        ("failed", "FAILED", now_ms),
        ("open", "MATCHING_SUBMITTED", 0),
        ("old", "COMPLETED", now_ms - 25 * hour_ms),
    )
    sink = sink_for(redis_server, instruments)
    for at, (saga, state, closed_ms) in enumerate(sagas):
        row = {"saga_id": saga, "account_id": "alice", "state": state, "closed_ms": closed_ms}
        sink.write(_batch("orders-orders-changelog", at, "OrderSagaRow", row))

    with client_of(redis_server) as client:
        ttls = {
            saga: client.ttl(f"processed:saga:{saga_uuid('alice', saga)}") for saga, *_ in sagas
        }
    assert 0 <= SAGA_SECONDS - 3_600 - ttls["ended"] <= 60
    assert 0 <= SAGA_SECONDS - ttls["failed"] <= 60
    assert (ttls["open"], ttls["old"]) == (-2, -2)
    sink.close()


def test_a_prefix_stands_before_every_key(
    redis_server: EmbeddedRedis, instruments: Instruments, events: list[Event]
) -> None:
    sink = sink_for(redis_server, instruments, key_prefix="tf:")
    for batch in in_batches(events[:3_000], 500):
        sink.write(batch)

    keys = dump_of(redis_server).keys()

    assert "tf:price:BTCUSDT" in keys
    assert all(key.startswith("tf:") for key in keys)
    sink.close()


def test_ticks_and_rows_of_no_interest_move_positions_only(
    redis_server: EmbeddedRedis, instruments: Instruments
) -> None:
    sink = sink_for(redis_server, instruments)

    assert sink.write(_batch("trades", 0, "Tick", {"time_ms": 5})) == 0

    assert dump_of(redis_server) == {"positions:redis": {"trades/0": "1"}}
    sink.close()


def test_a_symbol_that_is_no_instrument_holds_all_up_with_one_line(
    redis_server: EmbeddedRedis, instruments: Instruments
) -> None:
    sink = sink_for(redis_server, instruments)
    trade = {"symbol": "NOSUCH", "price_ticks": 1, "quantity_lots": 1}

    with pytest.raises(StoreDownError, match="NOSUCH is on the topics and not among"):
        sink.write(_batch("trades", 0, "Trade", trade))

    assert dump_of(redis_server) == {}
    sink.close()


def listening(client: Any) -> Any:
    """A listener to all channels, from now on."""
    listener = client.pubsub()
    listener.psubscribe("*")
    assert next(listener.listen())["type"] == "psubscribe"
    return listener


def _batch(topic: str, offset: int, name: str, record: dict[str, Any]) -> Batch:
    place = Place(topic, 0)
    event = Event(place, offset, None, name, record, {}, 0)
    return Batch([event], {place: offset}, {place: offset + 1})
