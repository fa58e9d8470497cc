"""The seeded flow: equal seeds, bounded books, orders that the exchange takes."""

from collections import Counter
from random import Random
from typing import Any

import pytest

from schemas.instruments import Instrument, load_instruments
from schemas.limits import find_fault
from streams.domain.market import Market
from tests.simulation.instruments import STRICT, an_instrument
from tradeflow.flow.generator import Generator, StartingBook
from tradeflow.flow.mix import DEFAULT_MIX, Mix
from tradeflow.flow.open_orders import OpenOrder, OpenOrders
from tradeflow.flow.price_walk import PriceWalk, reference_ticks

_INSTRUMENTS = load_instruments()
_EXPECTED_REFUSALS = {"WOULD_IMMEDIATELY_MATCH", "NO_LIQUIDITY"}
_START_MS = 1_700_000_000_000


def _generator(*symbols: str, seed: int = 1, **options: Any) -> Generator:
    options.setdefault("mix", Mix.parse(DEFAULT_MIX))
    instruments = [_INSTRUMENTS[symbol] for symbol in symbols or ("BTCUSDT",)]
    return Generator(instruments, seed=seed, run="r", **options)


def _commands(generator: Generator, count: int) -> list[tuple[str, dict[str, Any]]]:
    return [generator.next_command(_START_MS + 10 * number) for number in range(count)]


def test_equal_seeds_give_equal_commands_and_others_do_not() -> None:
    first = _commands(_generator("BTCUSDT", "ETHUSDT", seed=3), 500)

    assert first == _commands(_generator("BTCUSDT", "ETHUSDT", seed=3), 500)
    assert first != _commands(_generator("BTCUSDT", "ETHUSDT", seed=4), 500)


def test_times_are_carried_and_decide_nothing() -> None:
    def untimed(record: dict[str, Any]) -> dict[str, Any]:
        return {
            name: untimed(value) if isinstance(value, dict) else value
            for name, value in record.items()
            if name != "time_ms"
        }

    slow, fast = _generator(), _generator()
    for number in range(500):
        kind, record = slow.next_command(_START_MS + 60_000 * number)
        assert record["time_ms"] == _START_MS + 60_000 * number
        assert (kind, untimed(record)) == (lambda k, r: (k, untimed(r)))(
            *fast.next_command(_START_MS)
        )


@pytest.mark.parametrize("symbol", _INSTRUMENTS)
def test_an_exchange_takes_the_flow_and_its_books_stay_bounded(symbol: str) -> None:
    generator = _generator(symbol, open_target=60)
    market = Market(_INSTRUMENTS[symbol])
    refusals: Counter[str] = Counter()
    sizes = []

    for number in range(4_000):
        kind, record = generator.next_command(_START_MS + 10 * number)
        assert find_fault(kind, record) is None, "no dead letters"
        outcome = market.apply(kind, record)
        refusals.update(
            report.reject_reason for report in outcome.reports if report.reject_reason != "NONE"
        )
        # What the flow believes is what is so.
        assert generator.open_orders(symbol) == len(market.state.book.orders)
        sizes.append(generator.open_orders(symbol))

    assert set(refusals) <= _EXPECTED_REFUSALS
    assert refusals.total() < 200
    assert 10 < sum(sizes[1_000:]) / 3_000 < 90
    assert max(sizes) < 120


@pytest.mark.parametrize("instrument", [STRICT, an_instrument("FREE", max_price_ticks=10**9)])
def test_orders_are_on_the_grid_of_any_instrument(instrument: Instrument) -> None:
    generator = Generator(
        [instrument], seed=1, run="r", mix=Mix.parse(DEFAULT_MIX), open_target=5, accounts=5
    )
    market = Market(instrument)
    reasons: Counter[str] = Counter()

    for kind, record in _commands(generator, 300):
        for report in market.apply(kind, record).reports:
            reasons[report.reject_reason] += 1

    off_grid = {"PRICE_FILTER", "LOT_SIZE", "PRICE_NOT_POSITIVE", "QUANTITY_NOT_POSITIVE"}
    assert not off_grid & set(reasons)
    assert reasons["NONE"] > 200


def test_the_mix_is_kept() -> None:
    generator = _generator(mix=Mix(makers=30, takers=70, cancels=0))

    kinds = Counter(kind for kind, _ in _commands(generator, 400))

    assert kinds == {"PlaceOrder": 400}


def test_makers_alone_do_not_fill_the_book_for_ever() -> None:
    generator = _generator(mix=Mix(makers=1, takers=0, cancels=0), open_target=20)

    _commands(generator, 500)

    assert generator.open_orders("BTCUSDT") <= 40


def test_a_flow_that_starts_on_a_book_cancels_what_an_earlier_run_left() -> None:
    instrument = _INSTRUMENTS["BTCUSDT"]
    market = Market(instrument)
    for kind, record in _commands(_generator(), 600):
        market.apply(kind, record)
    row, orders = market.symbol_row(), list(market.state.book.orders.values())
    left = {order.order_id for order in orders}
    again = Market.restore(instrument, row, orders, [])
    later = Generator(
        [instrument],
        seed=9,
        run="again",
        mix=Mix.parse("makers=1,takers=0,cancels=9"),
        open_target=10,
        books={"BTCUSDT": StartingBook(row, [_copy(order) for order in orders])},
    )

    assert later.open_orders("BTCUSDT") == len(left)
    for kind, record in _commands(later, 1_000):
        for report in again.apply(kind, record).reports:
            assert report.reject_reason in {"NONE", *_EXPECTED_REFUSALS}

    assert not left & set(again.state.book.orders)
    assert len(again.state.book.orders) <= 20


def _copy(order: Any) -> Any:
    return type(order).from_row(order.to_row())


def test_a_sweep_cancels_by_name_and_has_ids_of_its_own() -> None:
    generator = _generator()
    stray = OpenOrder(7, "load-3", "load-x-9", "BUY", 100, 5, 5)

    [(kind, record)] = generator.sweep("BTCUSDT", [stray], _START_MS)

    assert kind == "CancelOrder"
    assert record["original_client_order_id"] == "load-x-9"
    assert record["account_id"] == "load-3"
    assert record["command_id"] == "r-s1"
    assert not generator.believes_open("BTCUSDT", 7)


def test_the_walk_stays_near_its_reference() -> None:
    walk = PriceWalk(_INSTRUMENTS["BNBBTC"], Random(1))
    reference = reference_ticks(_INSTRUMENTS["BNBBTC"])

    mids = [walk.move() for _ in range(20_000)]

    assert reference * 0.95 <= min(mids) < max(mids) <= reference * 1.05
    # A last price from far away is no place to start from.
    assert PriceWalk(_INSTRUMENTS["BNBBTC"], Random(1), reference * 9).mid <= reference * 1.05


def test_open_orders_are_replaced_and_forgotten() -> None:
    orders = OpenOrders()
    for number in range(1, 5):
        orders.put(OpenOrder(number, "a", str(number), "BUY", 100, 5, 5))
    orders.put(OpenOrder(2, "a", "2", "BUY", 100, 5, 3))
    orders.discard(1)
    orders.discard(4)
    orders.discard(99)

    assert len(orders) == 2
    assert 2 in orders and 1 not in orders
    drawn = {orders.draw(Random(seed)).order_id for seed in range(20)}
    assert drawn == {2, 3}
    assert {orders.draw(Random(seed)).leaves_lots for seed in range(20)} == {3, 5}
