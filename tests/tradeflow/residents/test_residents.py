"""Books that live: two-sided and deep, prices that move, money that lasts, no pile of orders."""

from collections import Counter, deque
from typing import Any

import pytest

from schemas.instruments import Instrument, load_instruments
from schemas.limits import find_fault
from schemas.records import ExecutionReport
from streams.domain.market import Market
from tests.simulation.instruments import STRICT, an_instrument
from tradeflow.flow.generator import StartingBook
from tradeflow.residents.residents import MAKER, Residents

_INSTRUMENTS = load_instruments()
_START_MS = 1_700_000_000_000
_PART_OF_LIFE = {
    *("WOULD_IMMEDIATELY_MATCH", "NO_LIQUIDITY", "UNKNOWN_ORDER", "CANCEL_REPLACE_STOPPED"),
}


class _Exchange:
    """Engines that carry commands out, and tell the residents some commands later."""

    def __init__(
        self,
        *instruments: Instrument,
        seed: int = 1,
        lag: int = 3,
        markets: dict[str, Market] | None = None,
        run: str = "r",
    ) -> None:
        rules = instruments or tuple(_INSTRUMENTS.values())
        self.markets = markets or {each.symbol: Market(each) for each in rules}
        books = {
            symbol: StartingBook(
                {"last_price_ticks": market.state.last_price_ticks},  # type: ignore[typeddict-item]
                list(market.state.book.orders.values()),
            )
            for symbol, market in self.markets.items()
        }
        self.residents = Residents(rules, seed=seed, run=run, books=books)
        self.refusals: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.money: Counter[tuple[str, str]] = Counter()
        self.now_ms = _START_MS
        self._lag = lag
        self._reports: deque[list[ExecutionReport]] = deque()

    def settle_in(self) -> None:
        """Until the books are there."""
        while self.residents.is_hasty:
            self.step(0)
        self.take(20)

    def take(self, count: int) -> list[tuple[str, dict[str, Any]]]:
        """The next commands, ten a second."""
        return [command for _ in range(count) if (command := self.step(100)) is not None]

    def step(self, passed_ms: int) -> tuple[str, dict[str, Any]] | None:
        self.now_ms += passed_ms
        command = self.residents.next_command(self.now_ms)
        if command is not None:
            self.carry_out(*command)
        while len(self._reports) > (self._lag if command else 0):
            for report in self._reports.popleft():
                self.residents.note(report)
        return command

    def carry_out(self, kind: str, record: dict[str, Any]) -> list[ExecutionReport]:
        assert find_fault(kind, record) is None, "no dead letters"
        self.kinds[kind] += 1
        reports = [
            report.as_record()
            for report in self.markets[record["symbol"]].apply(kind, record).reports
        ]
        for report in reports:
            if report["reject_reason"] != "NONE":
                self.refusals[report["reject_reason"]] += 1
            if report["execution_type"] == "TRADE":
                self._pay(report)
        self._reports.append(reports)
        return reports

    def order(self, symbol: str, **terms: Any) -> list[ExecutionReport]:
        """A stranger's order."""
        number = self.kinds.total()
        return self.carry_out(
            "PlaceOrder",
            {
                **dict(command_id=f"s-{number}", account_id="stranger", symbol=symbol),
                **dict(client_order_id=f"s-{number}", order_type="LIMIT", time_in_force="GTC"),
                **dict(price_ticks=0, stop_price_ticks=0, quantity_lots=0, iceberg_lots=0),
                **dict(quote_quantity_units=0, self_trade_prevention="NONE", budget_units=0),
                **dict(reserved_price_ticks=0, hold_id="", maker_rate_ppm=0, taker_rate_ppm=0),
                **dict(time_ms=self.now_ms),
                **terms,
            },
        )

    def levels(self, symbol: str) -> tuple[list[int], list[int]]:
        """Prices of bids and asks, the best first."""
        orders = self.markets[symbol].state.book.orders.values()
        bids = {order.price_ticks for order in orders if order.side == "BUY"}
        asks = {order.price_ticks for order in orders if order.side == "SELL"}
        return sorted(bids, reverse=True), sorted(asks)

    def _pay(self, report: ExecutionReport) -> None:
        rules = _INSTRUMENTS.get(report["symbol"])
        if rules is None:
            return
        sign = 1 if report["side"] == "BUY" else -1
        units = report["last_quantity_lots"] * rules.base_units_per_lot
        self.money[report["account_id"], rules.base_asset] += sign * units
        self.money[report["account_id"], rules.quote_asset] -= sign * report["last_quote_units"]


def test_equal_seeds_give_equal_commands_and_others_do_not() -> None:
    def commands(seed: int) -> list[tuple[str, dict[str, Any]]]:
        exchange = _Exchange(seed=seed)
        return exchange.take(1_500)

    first = commands(3)
    assert first == commands(3)
    assert first != commands(4)


@pytest.mark.parametrize("lag", [0, 25])
def test_every_book_is_deep_on_both_sides_and_stays_so(lag: int) -> None:
    exchange = _Exchange(lag=lag)
    exchange.settle_in()
    middles: dict[str, list[float]] = {symbol: [] for symbol in _INSTRUMENTS}

    for _ in range(1_200):
        exchange.take(10)
        for symbol, market in exchange.markets.items():
            bids, asks = exchange.levels(symbol)
            assert min(len(bids), len(asks)) >= 20, symbol
            assert bids[0] < asks[0]
            assert (asks[0] - bids[0]) / asks[0] < 0.001
            assert len(market.state.book.orders) < 100, "no pile"
            middles[symbol].append((bids[0] + asks[0]) / 2)

    assert set(exchange.refusals) <= _PART_OF_LIFE
    assert exchange.refusals.total() < exchange.kinds.total() / 20
    for symbol, prices in middles.items():
        assert 0.0005 < max(prices) / min(prices) - 1 < 0.1, symbol
        assert len(set(prices)) > 20, symbol


def test_money_lasts() -> None:
    exchange = _Exchange()
    exchange.settle_in()
    exchange.take(10_000)

    needs = exchange.residents.needs()
    for (account, asset), units in exchange.money.items():
        # A quarter of an hour of it: one part in a hundred at most.
        assert abs(units) < needs[account][asset] / 100, (account, asset)


def test_a_market_order_moves_the_price_and_the_book_comes_back() -> None:
    exchange = _Exchange(_INSTRUMENTS["BTCUSDT"])
    exchange.settle_in()
    bids, asks = exchange.levels("BTCUSDT")
    orders = exchange.markets["BTCUSDT"].state.book.orders.values()
    lots = sum(order.leaves_lots for order in orders if order.side == "SELL")

    exchange.order("BTCUSDT", side="BUY", price_ticks=asks[-1], quantity_lots=lots * 9 // 10)
    assert len(exchange.levels("BTCUSDT")[1]) < 10
    # A second's worth of commands, and those that do not wait for their turn.
    exchange.take(10)
    while exchange.residents.is_hasty:
        exchange.step(0)
    exchange.take(100)

    later_bids, later_asks = exchange.levels("BTCUSDT")
    assert min(len(later_bids), len(later_asks)) >= 20
    assert later_bids[0] > asks[5], "the price has gone up"


def test_a_stranger_who_waits_is_served() -> None:
    exchange = _Exchange(_INSTRUMENTS["ETHUSDT"])
    exchange.settle_in()
    bids, _ = exchange.levels("ETHUSDT")

    exchange.order("ETHUSDT", side="BUY", price_ticks=bids[0], quantity_lots=200)
    exchange.order("ETHUSDT", side="BUY", price_ticks=bids[0] + 50, quantity_lots=200)
    exchange.take(3_000)

    assert exchange.money["stranger", "ETH"] > 0


def test_who_comes_back_goes_on_with_the_orders_that_are_there() -> None:
    before = _Exchange()
    before.settle_in()
    before.take(500)
    middle = {symbol: before.levels(symbol)[0][0] for symbol in _INSTRUMENTS}

    after = _Exchange(markets=before.markets, run="another")
    first = after.take(40)
    after.take(300)

    placed = sum(
        kind == "PlaceOrder" and record["account_id"].startswith(MAKER) for kind, record in first
    )
    assert placed < 60, "the books were there"
    for symbol, market in after.markets.items():
        bids, asks = after.levels(symbol)
        assert min(len(bids), len(asks)) >= 20
        assert len(market.state.book.orders) < 100
        assert abs(bids[0] / middle[symbol] - 1) < 0.01


def test_a_symbol_that_is_halted_is_left_alone_and_found_again() -> None:
    exchange = _Exchange(_INSTRUMENTS["LTCUSDT"])
    exchange.settle_in()

    def set_status(status: str) -> None:
        exchange.carry_out(
            "SetSymbolStatus",
            {"command_id": status, "account_id": "operator", "symbol": "LTCUSDT", "status": status,
             "time_ms": exchange.now_ms},
        )  # fmt: skip

    set_status("HALT")
    sent = len(exchange.take(600))
    # A minute: every five seconds somebody tries.
    assert 0 < exchange.refusals["SYMBOL_HALTED"] < 150
    assert sent < 150
    set_status("TRADING")
    exchange.take(600)

    bids, asks = exchange.levels("LTCUSDT")
    assert min(len(bids), len(asks)) >= 20


def test_what_is_never_answered_is_given_up() -> None:
    exchange = _Exchange(_INSTRUMENTS["BTCUSDT"], lag=10**9)
    names = [record["command_id"] for _, record in exchange.take(80)]
    assert len(exchange.residents._residents["BTCUSDT"].ladder._coming) >= 60

    exchange.residents.forget(names)

    again = [record.get("price_ticks") for _, record in exchange.take(60)]
    assert len(set(again)) == 60, "each quote once more"


@pytest.mark.parametrize("rules", [STRICT, an_instrument()], ids=["strict", "loose"])
def test_takes_any_instrument(rules: Instrument) -> None:
    exchange = _Exchange(rules)
    exchange.settle_in()
    exchange.take(2_000)

    bids, asks = exchange.levels(rules.symbol)
    assert asks
    # The reference of the strict one is its lowest price.
    assert bids or rules is STRICT
    assert set(exchange.refusals) <= _PART_OF_LIFE


def test_says_when_somebody_cannot_pay() -> None:
    exchange = _Exchange(_INSTRUMENTS["BTCUSDT"], lag=0)
    exchange.settle_in()
    assert not exchange.residents.lacks_money
    (report, *_) = exchange.order("BTCUSDT", side="BUY", price_ticks=1, quantity_lots=10)
    broke: ExecutionReport = {
        **report,
        "account_id": "maker-BTCUSDT",
        "reject_reason": "INSUFFICIENT_BALANCE",
    }

    exchange.residents.note({**broke, "account_id": "stranger"})
    assert not exchange.residents.lacks_money
    exchange.residents.note(broke)
    assert exchange.residents.lacks_money
