"""A book kept by depth updates is matching's own: at each update, from a snapshot, restored."""

from collections.abc import Iterator
from typing import Any

from schemas.codec import decode, encode
from streams.domain.market import Market
from streams.domain.market_book import LEVELS_MAX, MarketBook
from streams.domain.market_data import MarketData
from tests.simulation.instruments import REALISTIC_INSTRUMENTS
from tests.simulation.profiles import REALISTIC
from tests.simulation.workload import Workload

SYMBOL = next(iter(REALISTIC_INSTRUMENTS))


def updates(count: int) -> Iterator[tuple[Market, dict[str, Any]]]:
    """Depth updates of a market, each with the market as it was just then: use it at once."""
    workload = Workload(REALISTIC, 7)
    market = Market(REALISTIC_INSTRUMENTS[SYMBOL])
    while count:
        kind, command = next(workload)
        if command.get("symbol") != SYMBOL:
            continue
        outcome = market.apply(kind, command)
        workload.observe([report.as_record() for report in outcome.reports])
        if outcome.depth is not None:
            yield market, outcome.depth.as_record()
            count -= 1


def levels(book: MarketBook) -> tuple[list[Any], list[Any]]:
    return tuple(  # type: ignore[return-value]
        [(each["price_ticks"], each["quantity_lots"]) for each in side.levels()]
        for side in (book.bids, book.asks)
    )


def test_the_book_is_matchings_at_each_update() -> None:
    book = MarketBook(SYMBOL)
    for market, update in updates(1_500):
        assert book.apply(update)
        assert levels(book) == market.depth()
        bids, asks = market.depth(1)
        assert (book.bids.best(), book.asks.best()) == (
            (bids or [(0, 0)])[0],
            (asks or [(0, 0)])[0],
        )
    assert book.lost_updates == 0


def test_a_snapshot_and_what_comes_behind_it_are_the_book() -> None:
    book, local = MarketBook(SYMBOL), MarketBook(SYMBOL)
    snapshots = 0
    for offset, (_, update) in enumerate(updates(4_000)):
        book.apply(update)
        local.apply(update)
        if book.is_snapshot_due():
            snapshot = decode(encode("DepthSnapshot", book.snapshot(offset)))[1]
            assert snapshot["offset"] == offset
            assert not book.is_snapshot_due()
            local = from_snapshot(snapshot)
            snapshots += 1
        assert levels(local) == levels(book)
    assert snapshots > 1
    assert local.lost_updates == 0


def from_snapshot(snapshot: dict[str, Any]) -> MarketBook:
    local = MarketBook(SYMBOL)
    local.last_update_id = snapshot["last_update_id"]
    for side, own in ((local.bids, snapshot["bids"]), (local.asks, snapshot["asks"])):
        for level in own:
            side.set(level["price_ticks"], level["quantity_lots"])
    return local


def test_it_goes_on_from_its_rows_and_tells_the_same() -> None:
    whole, parts = MarketData({}, 0), MarketData({}, 0)
    rows: dict[str, bytes] = {}
    told: list[Any] = []
    for number, (_, update) in enumerate(updates(400)):
        if number % 37 == 0:
            for key, row in parts.take_changes().items():
                name = "MarketLevelRow" if "is_bid" in (row or {}) else "MarketBookRow"
                if row is None:
                    rows.pop(key, None)
                else:
                    rows[key] = encode(name, row)  # type: ignore[arg-type]
            kept: Any = [decode(row)[1] for row in rows.values()]
            parts = MarketData.restore({}, 0, kept)
        for data in (whole, parts):
            book = data.book(SYMBOL)
            book.apply(update)
            snapshot = book.snapshot(number) if book.is_snapshot_due() else None
            told.append((book.take_ticker(), snapshot))
        assert told[-1] == told[-2]


def test_best_prices_are_told_when_they_change() -> None:
    book, told, last = MarketBook(SYMBOL), [], None
    for _, update in updates(300):
        book.apply(update)
        best = (*book.bids.best(), *book.asks.best())
        ticker = book.take_ticker()
        assert (ticker is None) == (best == last)
        last = best
        if ticker is not None:
            assert (
                tuple(
                    ticker[f"{side}_{unit}"]
                    for side in ("bid", "ask")
                    for unit in ("ticks", "lots")
                )
                == best
            )
            assert ticker["update_id"] == update["last_update_id"]
            told.append(ticker)
    assert 10 < len(told) < 300


def test_an_update_again_changes_nothing_and_one_that_is_missing_is_counted() -> None:
    (_, first), (_, second), (_, third) = updates(3)
    book = MarketBook(SYMBOL)
    book.apply(first)

    assert not book.apply(first)
    assert book.lost_updates == 0
    assert book.apply(third)
    assert book.lost_updates == 1
    assert not book.apply(second)


def test_a_snapshot_holds_the_best_levels_only() -> None:
    book = MarketBook(SYMBOL)
    for price in range(1, LEVELS_MAX + 3):
        book.bids.set(price, 1)
        book.asks.set(price + 10_000, 1)

    bids, asks = levels(book)

    assert (bids[0], bids[-1], len(bids)) == ((LEVELS_MAX + 2, 1), (3, 1), LEVELS_MAX)
    assert (asks[0], asks[-1], len(asks)) == ((10_001, 1), (10_000 + LEVELS_MAX, 1), LEVELS_MAX)
