"""The book in Redis, held against books in Python."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.connect_redis import in_batches
from connectors.event import Event, Place
from connectors.redis.book_changes import SNAPSHOT_LEVELS_MAX
from connectors.redis.market_reader import MarketReader
from connectors.sink import Batch
from schemas.instruments import Instrument
from streams.domain.market_book import LEVELS_MAX
from tests.connectors.redis.book_twin import BookTwin
from tests.connectors.redis.reference import Reference
from tests.connectors.redis.stored import client_of, sink_for
from tradeflow.stores.redis import EmbeddedRedis

Instruments = dict[str, Instrument]
_SYMBOL = "BTCUSDT"
_BASE = 1_000


def test_after_every_batch_the_book_reads_back_in_order(
    redis_server: EmbeddedRedis, instruments: Instruments, events: list[Event]
) -> None:
    sink = sink_for(redis_server, instruments)
    reference = Reference(instruments, form=sink.candle_form.name)
    reader = MarketReader(client_of(redis_server))

    for batch in in_batches(events, 250):
        sink.write(batch)
        reference.add(batch.events)
        for symbol in reference.books:
            book = reader.book(symbol, levels=100_000)
            assert book is not None and book.is_whole
            assert list(book.bids) == reference.levels(symbol, "bids")
            assert list(book.asks) == reference.levels(symbol, "asks")
            assert str(book.update_id) == reference.states[symbol]["update_id"]
    sink.close()


def test_the_best_levels_alone_can_be_read(
    redis_server: EmbeddedRedis, instruments: Instruments, events: list[Event]
) -> None:
    sink = sink_for(redis_server, instruments)
    reference = Reference(instruments, form=sink.candle_form.name)
    for batch in in_batches(events, 5_000):
        sink.write(batch)
        reference.add(batch.events)

    book = MarketReader(client_of(redis_server)).book(_SYMBOL, levels=7)

    assert book is not None
    assert list(book.bids) == reference.levels(_SYMBOL, "bids")[:7]
    assert list(book.asks) == reference.levels(_SYMBOL, "asks")[:7]
    assert MarketReader(client_of(redis_server)).book("NOSUCH") is None
    sink.close()


def test_a_price_may_change_sides_in_one_update(
    plain_server: EmbeddedRedis, instruments: Instruments
) -> None:
    fed = _Fed(plain_server, instruments)

    fed.write(_update(1, 1, asks={_BASE: 5}))
    fed.write(_update(2, 3, bids={_BASE: 7}, asks={_BASE: 0}))
    assert (fed.side("bids"), fed.side("asks")) == ([(_BASE, 7)], [])
    fed.write(_update(4, 5, bids={_BASE: 0}, asks={_BASE: 4}))
    assert (fed.side("bids"), fed.side("asks")) == ([], [(_BASE, 4)])


def test_a_cut_snapshot_begins_no_book_but_mends_one(
    plain_server: EmbeddedRedis, instruments: Instruments
) -> None:
    assert SNAPSHOT_LEVELS_MAX == LEVELS_MAX
    fed = _Fed(plain_server, instruments)
    deep = {_BASE - number: 3 for number in range(LEVELS_MAX)}

    fed.write(_snapshot(9, bids=deep))
    assert fed.reader.book(_SYMBOL) is None
    fed.write(_update(5, 6, bids={7: 1}))
    fed.write(_snapshot(9, bids=deep))

    book = fed.reader.book(_SYMBOL, levels=LEVELS_MAX + 1)
    assert book is not None and book.is_whole and book.update_id == 9
    assert fed.side("bids") == sorted(deep.items(), reverse=True)


def test_what_changed_after_a_snapshot_stays_when_it_mends_the_book(
    plain_server: EmbeddedRedis, instruments: Instruments
) -> None:
    fed = _Fed(plain_server, instruments)
    bids, asks = {_BASE: 1, _BASE - 1: 1}, {_BASE + 10: 1, _BASE + 11: 1}
    snapshot = _snapshot_of([_update(1, 4, bids, asks), _update(5, 8, {_BASE - 2: 1})])

    fed.write(_update(1, 4, bids, asks))
    # 5 is lost, and told by the snapshot alone.
    fed.write(_update(6, 8, asks={_BASE + 12: 1}))
    fed.write(_update(9, 12, {_BASE: 0, _BASE - 1: 7}, {_BASE + 10: 0, _BASE + 11: 7}))
    fed.write(snapshot)

    assert fed.side("bids") == [(_BASE - 1, 7), (_BASE - 2, 1)]
    assert fed.side("asks") == [(_BASE + 11, 7)]
    book = fed.reader.book(_SYMBOL)
    assert book is not None and book.is_whole and book.update_id == 12


@pytest.mark.parametrize("part", ["", ":bids", ":asks", ":state"])
def test_a_book_of_which_a_part_was_removed_is_mended_by_the_next_snapshot(
    plain_server: EmbeddedRedis, instruments: Instruments, part: str
) -> None:
    fed = _Fed(plain_server, instruments)
    history = [
        _update(1, 4, {_BASE: 1, _BASE - 1: 1}, {_BASE + 10: 1, _BASE + 11: 1}),
        _update(5, 6, {_BASE - 1: 2, _BASE - 2: 1}, {_BASE + 11: 2}),
    ]
    fed.write(*history)

    with client_of(plain_server) as client:
        assert client.delete(f"orderbook:{_SYMBOL}{part}") == 1
    history.append(_update(7, 7, {_BASE - 3: 4}))
    fed.write(history[-1])
    book = fed.reader.book(_SYMBOL)
    assert book is not None and not book.is_whole

    later = [_update(8, 8, asks={_BASE + 10: 0}), _update(9, 9, {_BASE - 3: 5})]
    snapshot = _snapshot_of([*history, later[0]])
    fed.write(*later)
    fed.write(snapshot)
    book = fed.reader.book(_SYMBOL)
    assert book is not None and book.is_whole and book.update_id == 9
    assert fed.side("bids") == [(_BASE, 1), (_BASE - 1, 2), (_BASE - 2, 1), (_BASE - 3, 5)]
    assert fed.side("asks") == [(_BASE + 11, 2)]

    # And it stays so.
    fed.write(_update(10, 10, {_BASE: 0}))
    book = fed.reader.book(_SYMBOL)
    assert book is not None and book.is_whole
    fed.close()


levels = st.dictionaries(st.integers(0, 5), st.sampled_from((0, 1, 2, 3)), max_size=3)


@st.composite
def logs(draw: st.DrawFn) -> list[tuple[list[dict[str, Any]], int]]:
    """Updates of a real book, some lost, some twice, and snapshots of some moment, in batches."""
    history: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(1, 14))):
        first = history[-1]["last_update_id"] + 1 if history else 1
        # Asks stand above all bids: a book is never crossed.
        bids = {_BASE + at: lots for at, lots in draw(levels).items()}
        asks = {_BASE + 10 + at: lots for at, lots in draw(levels).items()}
        history.append(_update(first, first + max(0, len(bids) + len(asks) - 1), bids, asks))
    records: list[dict[str, Any]] = []
    for number, update in enumerate(history):
        fate = draw(st.sampled_from(("told", "told", "told", "lost", "twice")))
        records += [update] * {"told": 1, "lost": 0, "twice": 2}[fate]
        if draw(st.integers(0, 3)) == 0:
            moment = draw(st.integers(0, len(history) - 1))
            records.append(_snapshot_of(history[: moment + 1]))
        if number and draw(st.integers(0, 9)) == 0:
            records.append(history[draw(st.integers(0, number))])
    return [(records, draw(st.integers(1, 6)))]


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(made=logs())
def test_lost_stale_and_repeated_updates_and_snapshots_as_the_twin_has_them(
    plain_server: EmbeddedRedis,
    instruments: Instruments,
    made: list[tuple[list[dict[str, Any]], int]],
) -> None:
    ((records, size),) = made
    fed = _Fed(plain_server, instruments)
    twin = BookTwin()
    for first in range(0, len(records), size):
        part = records[first : first + size]
        fed.write(*part)
        # A batch tells its snapshots last, and of several the latest: it may mend what is lost.
        for record in part:
            if "first_update_id" in record:
                twin.update(record)
        snapshots = [record for record in part if "first_update_id" not in record]
        if snapshots:
            twin.snapshot(max(snapshots, key=lambda each: int(each["last_update_id"])))
        book = fed.reader.book(_SYMBOL)
        if book is None:
            assert twin.update_id == 0
            continue
        assert (book.update_id, book.is_whole) == (twin.update_id, twin.needs == 0)
        assert fed.side("bids") == twin.side("bids")
        assert fed.side("asks") == twin.side("asks")
    fed.close()


class _Fed:
    """A sink of an empty server."""

    def __init__(self, server: EmbeddedRedis, instruments: Instruments) -> None:
        self._client = client_of(server)
        self._client.flushall()
        self._sink = sink_for(server, instruments)
        self.reader = MarketReader(self._client)
        self._place = Place("orderbook.updates", 0)
        self._at = 0

    def write(self, *records: dict[str, Any]) -> None:
        events = list(self._events(records))
        start, self._at = self._at, self._at + len(events)
        self._sink.write(Batch(events, {self._place: start}, {self._place: self._at}))

    def _events(self, records: tuple[dict[str, Any], ...]) -> Iterator[Event]:
        for number, record in enumerate(records):
            name = "DepthUpdate" if "first_update_id" in record else "DepthSnapshot"
            yield Event(self._place, self._at + number, None, name, record, {}, 0)

    def side(self, side: str) -> list[tuple[int, int]]:
        book = self.reader.book(_SYMBOL, levels=LEVELS_MAX + 1)
        assert book is not None
        pairs = book.bids if side == "bids" else book.asks
        return [(round(float(price) * 100), round(float(lots) * 1e5)) for price, lots in pairs]

    def close(self) -> None:
        self._sink.close()
        self._client.close()


def _levels(levels: dict[int, int]) -> list[dict[str, int]]:
    return [{"price_ticks": ticks, "quantity_lots": lots} for ticks, lots in levels.items()]


def _update(
    first: int, last: int, bids: dict[int, int] | None = None, asks: dict[int, int] | None = None
) -> dict[str, Any]:
    return {
        "symbol": _SYMBOL,
        "first_update_id": first,
        "last_update_id": last,
        "bids": _levels(bids or {}),
        "asks": _levels(asks or {}),
        "time_ms": last,
    }


def _snapshot(last: int, bids: dict[int, int] | None = None) -> dict[str, Any]:
    return {
        "symbol": _SYMBOL,
        "last_update_id": last,
        "offset": 0,
        "bids": _levels(bids or {}),
        "asks": [],
        "time_ms": last,
    }


def _snapshot_of(history: list[dict[str, Any]]) -> dict[str, Any]:
    book: dict[str, dict[int, int]] = {"bids": {}, "asks": {}}
    for update in history:
        for side, levels in book.items():
            for level in update[side]:
                levels[level["price_ticks"]] = level["quantity_lots"]
    whole = {
        side: _levels({ticks: lots for ticks, lots in levels.items() if lots})
        for side, levels in book.items()
    }
    return _snapshot(history[-1]["last_update_id"]) | whole
