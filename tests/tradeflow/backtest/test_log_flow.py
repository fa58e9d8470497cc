"""A strategy beside a command log: its orders shift the ids, and the log's commands still hit."""

from typing import Any

from schemas.codec import encode
from tests.simulation.builders import a_cancel, a_place
from tests.simulation.instruments import an_instrument
from tests.tradeflow.backtest.made import Scripted
from tradeflow.backtest.desk import ACCOUNT, Desk
from tradeflow.backtest.exchange import Exchange
from tradeflow.backtest.funding import Funds
from tradeflow.backtest.log_flow import LogFlow
from tradeflow.backtest.performance import Performance
from tradeflow.backtest.run import BacktestRun, Latency
from tradeflow.backtest.topic_log import OrderName
from tradeflow.backtest.trader import Trader
from tradeflow.topic_reader import Partition, Record

RULES = an_instrument("PLAIN", base_units_per_lot=1, max_price_ticks=10**6)
START_MS = 1_760_000_040_000
INCOMING = Partition("orders.incoming", 0)


def _record(offset: int, at_ms: int, kind: str, command: Any) -> Record:
    value = encode(kind, command)
    return Record(INCOMING, offset, START_MS + at_ms, command["symbol"].encode(), value, ())


def _log() -> tuple[list[Record], dict[tuple[str, int], OrderName]]:
    """Two sells of ann, the second of which (order 2 there) she cancels by its id."""
    placed = [
        a_place(account_id="ann", side="SELL", price_ticks=100 + n, quantity_lots=10)
        for n in range(2)
    ]
    cancel = a_cancel(account_id="ann", order_id=2)
    records = [_record(0, 0, "PlaceOrder", placed[0])]
    records.append(_record(1, 100, "PlaceOrder", placed[1]))
    records.append(_record(2, 200, "CancelOrder", cancel))
    records.append(_record(3, 300, "Tick", {"time_ms": START_MS + 300, "symbol": ""}))
    live = {
        ("PLAIN", number + 1): ("PLAIN", "ann", each["command_id"])
        for number, each in enumerate(placed)
    }
    return records, live


def _played(strategy: Scripted, *, knows_ids: bool = True) -> BacktestRun:
    records, live = _log()
    exchange = Exchange({"PLAIN": RULES}, paying=frozenset({ACCOUNT}))
    funds = Funds(exchange)

    def begin(time_ms: int) -> None:
        funds.open_account(ACCOUNT, time_ms)
        for asset in ("BASE", "QUOTE"):
            funds.bring_in(ACCOUNT, asset, 10**6, time_ms)

    flow = LogFlow(iter(records), live if knows_ids else None)
    performance = Performance(exchange.markets["PLAIN"], every_ms=100)
    run = BacktestRun(
        exchange, flow, performance, RULES, Latency(0, 0), begin=begin, look=lambda _run: None
    )
    flow.begin(exchange, funds)
    desk = Desk(RULES, seed=1, send=run.send, wake=run.wake)
    run.trader = Trader(strategy, desk)
    run.play()
    return run


def _buys_first(desk: Desk) -> None:
    desk.buy(1, 50)


def test_a_logged_cancel_finds_its_order_under_another_id() -> None:
    run = _played(Scripted({50: _buys_first}))

    market = run.exchange.markets["PLAIN"]
    assert market.depth() == ([(50, 1)], [(100, 10)])
    # The strategy's order took the id that the cancelled one had.
    assert sorted(market.state.book.orders) == [1, 2]


def test_a_strategy_takes_from_logged_orders_and_pays() -> None:
    run = _played(Scripted({50: lambda desk: desk.buy(4, 100)}))

    assert run.exchange.markets["PLAIN"].depth()[1] == [(100, 6)]
    assert run.performance.base_units == 4
    assert run.exchange.wallet.state.ledger.accounts[ACCOUNT].total_units("BASE") == 10**6 + 4


def test_without_the_live_ids_commands_are_as_logged() -> None:
    run = _played(Scripted({}), knows_ids=False)

    assert run.exchange.markets["PLAIN"].depth() == ([], [(100, 10)])
