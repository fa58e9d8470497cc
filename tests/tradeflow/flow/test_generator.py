"""The seeded flow: equal seeds, bounded books, orders that the exchange takes."""

from collections import Counter, deque
from random import Random
from typing import Any

import pytest

from schemas.instruments import Instrument, load_instruments
from schemas.limits import find_fault
from schemas.records import ExecutionReport
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


class _Exchange:
    """Engines that carry a flow's commands out, and tell it so at once, or some commands later."""

    def __init__(self, generator: Generator, *, lag: int = 0, markets: Any = None) -> None:
        self.generator = generator
        self.markets: dict[str, Market] = markets or {
            symbol: Market(rules) for symbol, rules in _INSTRUMENTS.items()
        }
        self.refusals: Counter[str] = Counter()
        self._lag = lag
        self._reports: deque[list[ExecutionReport]] = deque()

    def take(self, count: int, *, step_ms: int = 10) -> list[tuple[str, dict[str, Any]]]:
        """The next commands of the flow, carried out."""
        return [self.step(_START_MS + step_ms * number) for number in range(count)]

    def step(self, time_ms: int) -> tuple[str, dict[str, Any]]:
        kind, record = self.generator.next_command(time_ms)
        assert find_fault(kind, record) is None, "no dead letters"
        reports = self.markets[record["symbol"]].apply(kind, record).reports
        self.refusals.update(r.reject_reason for r in reports if r.reject_reason != "NONE")
        self._reports.append([report.as_record() for report in reports])
        while len(self._reports) > self._lag:
            for report in self._reports.popleft():
                self.generator.note(report)
        return kind, record


def _commands(generator: Generator, count: int) -> list[tuple[str, dict[str, Any]]]:
    return _Exchange(generator).take(count)


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

    slow, fast = _Exchange(_generator()), _Exchange(_generator())
    for number in range(500):
        kind, record = slow.step(_START_MS + 60_000 * number)
        assert record["time_ms"] == _START_MS + 60_000 * number
        assert (kind, untimed(record)) == (lambda k, r: (k, untimed(r)))(*fast.step(_START_MS))


@pytest.mark.parametrize("symbol", _INSTRUMENTS)
def test_an_exchange_takes_the_flow_and_its_books_stay_bounded(symbol: str) -> None:
    exchange = _Exchange(_generator(symbol, open_target=60))
    sizes = []

    for number in range(4_000):
        exchange.step(_START_MS + 10 * number)
        # What the flow believes is what is so.
        sizes.append(exchange.generator.open_in(symbol))
        assert sizes[-1] == len(exchange.markets[symbol].state.book.orders)

    assert set(exchange.refusals) <= _EXPECTED_REFUSALS
    assert exchange.refusals.total() < 200
    assert 10 < sum(sizes[1_000:]) / 3_000 < 90
    assert max(sizes) < 120


def test_reports_that_are_late_cost_few_refusals_and_no_size() -> None:
    exchange = _Exchange(_generator(open_target=60), lag=10)

    kinds = Counter(kind for kind, _ in exchange.take(4_000))

    # Only orders that were filled meanwhile, wholly or in part, are asked for in vain.
    changes = kinds.total() - kinds["PlaceOrder"]
    assert 0 < exchange.refusals["UNKNOWN_ORDER"] < changes / 15
    assert set(exchange.refusals) <= {
        *_EXPECTED_REFUSALS, "UNKNOWN_ORDER", "CANCEL_REPLACE_STOPPED", "AMEND_BELOW_EXECUTED"
    }  # fmt: skip
    assert len(exchange.markets["BTCUSDT"].state.book.orders) < 120


def test_an_order_is_changed_again_only_when_the_first_change_is_answered() -> None:
    exchange = _Exchange(_generator(mix=Mix(makers=1, takers=0, cancels=0), open_target=20))
    exchange.take(20)
    generator = exchange.generator
    generator._mix = Mix(makers=0, takers=0, cancels=1)
    asked = Counter(
        (record.get("cancel") or record).get("original_client_order_id", record["command_id"])
        for _, record in (generator.next_command(_START_MS) for _ in range(60))
    )

    assert set(asked.values()) == {1}
    # Without an answer they can be asked for again, some day.
    generator.forget(f"r-{number}" for number in range(1, 81))
    assert generator.next_command(_START_MS)[0] != "PlaceOrder"


def test_an_order_that_is_not_there_is_asked_for_once() -> None:
    exchange = _Exchange(_generator(mix=Mix.parse("makers=1,takers=0,cancels=9")))
    exchange.take(50)
    for market in exchange.markets.values():
        for order_id in list(market.state.book.orders):
            order = market.state.book.orders[order_id]
            cancel = {
                "command_id": "x", "account_id": order.account_id, "symbol": order.symbol,
                "order_id": order_id, "original_client_order_id": "", "client_order_id": "",
                "restriction": "NONE", "hold_id": "", "time_ms": _START_MS,
            }  # fmt: skip
            market.apply("CancelOrder", cancel)
    lost = exchange.generator.open_in("BTCUSDT")
    assert lost > 0

    exchange.take(500)

    assert exchange.refusals["UNKNOWN_ORDER"] == lost


def test_orders_of_accounts_that_nobody_funds_are_cancelled_and_not_replaced() -> None:
    large = _Exchange(_generator(accounts=50, mix=Mix(makers=1, takers=0, cancels=0)))
    large.take(100)
    market = large.markets["BTCUSDT"]
    small = _Exchange(
        _generator(
            accounts=2,
            mix=Mix.parse("makers=1,takers=0,cancels=9"),
            books={"BTCUSDT": StartingBook(None, list(market.state.book.orders.values()))},
        ),
        markets={"BTCUSDT": market},
    )

    placed = [
        (record.get("place") or record)["account_id"]
        for kind, record in small.take(300)
        if kind in ("PlaceOrder", "CancelReplaceOrder")
    ]

    assert placed
    assert set(placed) <= {"load-1", "load-2"}


def test_accounts_need_what_their_orders_hold_and_more_for_each_asset() -> None:
    generator = _generator("BTCUSDT", "ETHUSDT", "BNBBTC", accounts=3)
    exchange = _Exchange(generator)
    exchange.take(2_000)

    needs = generator.needs()

    assert set(needs) == {"load-1", "load-2", "load-3"}
    assert set(needs["load-1"]) == {"BTC", "ETH", "BNB", "USDT"}
    held: Counter[tuple[str, str]] = Counter()
    for symbol, market in exchange.markets.items():
        rules = _INSTRUMENTS[symbol]
        for order in market.state.book.orders.values():
            if order.side == "BUY":
                units = order.price_ticks * order.leaves_lots * rules.quote_units_per_tick_lot
                held[order.account_id, rules.quote_asset] += units
            else:
                units = order.leaves_lots * rules.base_units_per_lot
                held[order.account_id, rules.base_asset] += units
    assert held
    for (account, asset), units in held.items():
        assert needs[account][asset] > 2 * units


@pytest.mark.parametrize("instrument", [STRICT, an_instrument("FREE", max_price_ticks=10**9)])
def test_orders_are_on_the_grid_of_any_instrument(instrument: Instrument) -> None:
    generator = Generator(
        [instrument], seed=1, run="r", mix=Mix.parse(DEFAULT_MIX), open_target=5, accounts=5
    )
    exchange = _Exchange(generator, markets={instrument.symbol: Market(instrument)})
    exchange.take(300)
    reasons = exchange.refusals

    off_grid = {"PRICE_FILTER", "LOT_SIZE", "PRICE_NOT_POSITIVE", "QUANTITY_NOT_POSITIVE"}
    assert not off_grid & set(reasons)
    assert reasons.total() < 100


def test_the_mix_is_kept() -> None:
    generator = _generator(mix=Mix(makers=30, takers=70, cancels=0))

    kinds = Counter(kind for kind, _ in _commands(generator, 400))

    assert kinds == {"PlaceOrder": 400}


def test_makers_alone_do_not_fill_the_book_for_ever() -> None:
    generator = _generator(mix=Mix(makers=1, takers=0, cancels=0), open_target=20)

    _commands(generator, 500)

    assert generator.open_in("BTCUSDT") <= 40


def test_a_flow_that_starts_on_a_book_cancels_what_an_earlier_run_left() -> None:
    instrument = _INSTRUMENTS["BTCUSDT"]
    earlier = _Exchange(_generator())
    earlier.take(600)
    market = earlier.markets["BTCUSDT"]
    row, orders = market.symbol_row(), list(market.state.book.orders.values())
    left = {order.order_id for order in orders}
    later = Generator(
        [instrument],
        seed=9,
        run="again",
        mix=Mix.parse("makers=1,takers=0,cancels=9"),
        open_target=10,
        books={"BTCUSDT": StartingBook(row, [_copy(order) for order in orders])},
    )
    again = _Exchange(later, markets={"BTCUSDT": Market.restore(instrument, row, orders, [])})

    assert later.open_in("BTCUSDT") == len(left)
    again.take(1_000)

    assert set(again.refusals) <= _EXPECTED_REFUSALS
    assert not left & set(again.markets["BTCUSDT"].state.book.orders)
    assert len(again.markets["BTCUSDT"].state.book.orders) <= 20


def _copy(order: Any) -> Any:
    return type(order).from_row(order.to_row())


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
    drawn = [orders.draw(Random(1), 100), orders.draw(Random(1), 100)]
    assert {order.order_id for order in drawn} == {2, 3}
    assert {order.leaves_lots for order in drawn} == {3, 5}


def test_of_two_orders_the_one_is_drawn_that_will_hardly_be_filled() -> None:
    drawn: Counter[int] = Counter()
    for seed in range(200):
        orders = OpenOrders()
        orders.put(OpenOrder(1, "a", "1", "SELL", 101, 5, 5))
        orders.put(OpenOrder(2, "a", "2", "SELL", 99, 5, 5))
        drawn[orders.draw(Random(seed), 100).order_id] += 1

    # Three pairs in four have the first in them.
    assert 120 < drawn[1] < 180


def test_what_was_drawn_is_there_and_not_drawn_again_until_it_is_given_back() -> None:
    orders = OpenOrders()
    for number in (1, 2):
        orders.put(OpenOrder(number, "a", str(number), "BUY", 100, 5, 5))
    first = orders.draw(Random(1), 100).order_id
    other = orders.draw(Random(1), 100).order_id

    assert {first, other} == {1, 2}
    assert (len(orders), orders.has_free) == (2, False)
    orders.put(OpenOrder(first, "a", "x", "BUY", 100, 5, 1))
    assert not orders.has_free, "news of it does not make it free"
    orders.give_back(first)
    orders.discard(other)
    orders.give_back(other)
    assert (len(orders), other in orders) == (1, False)
    assert orders.draw(Random(1), 100).leaves_lots == 1
