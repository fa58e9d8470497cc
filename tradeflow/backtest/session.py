"""A backtest from what was asked for to its report."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.console import Console

from schemas.instruments import Instrument
from tradeflow.backtest.desk import ACCOUNT, Desk
from tradeflow.backtest.exchange import Exchange
from tradeflow.backtest.funding import Funds
from tradeflow.backtest.loading import load_strategy
from tradeflow.backtest.performance import Performance
from tradeflow.backtest.report import BacktestReport
from tradeflow.backtest.run import BacktestRun, Latency
from tradeflow.backtest.screen import BacktestScreen
from tradeflow.backtest.source import Fees, Source, open_source
from tradeflow.backtest.strategy import Strategy
from tradeflow.backtest.trader import Trader
from tradeflow.clean_end import ended_by_signals
from tradeflow.errors import TradeflowError

_QUOTE_UNITS = 1_000_000 * 10**8
_BASE_UNITS = 1_000 * 10**8
"""What the strategy has to begin with, unless it is said: so that it can sell too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestSettings:
    """What was asked for."""

    source: str
    strategy: str | None = None
    """``module:Class``; None: the flow alone."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    symbol: str | None = None
    latency_in_ms: int = 0
    latency_out_ms: int = 0
    fees: Fees = field(default_factory=Fees)
    funds: Mapping[str, int] = field(default_factory=dict)
    """The strategy's minor units by asset."""
    seed: int = 0
    every_ms: int = 1_000
    """Between two points of the equity curve."""


def run_backtest(settings: BacktestSettings, console: Console) -> BacktestReport:
    """Play it; Ctrl-C ends it early, with a report.

    Raises:
        TradeflowError: the source or the strategy cannot be used, or the strategy failed.
    """
    strategy = None
    if settings.strategy is not None:
        strategy = load_strategy(settings.strategy, settings.parameters)
    screen = BacktestScreen(console)
    source = open_source(
        settings.source,
        symbol=settings.symbol,
        fees=settings.fees,
        strategy_account=None if strategy is None else ACCOUNT,
        at=screen.at,
    )
    exchange = Exchange(source.instruments, paying=source.paying)
    funds = Funds(exchange)
    run = _prepared(settings, source, exchange, funds, strategy, screen)
    started = time.perf_counter()
    with screen.shown(source.size), ended_by_signals(run.stop):
        run.play()
    seconds = time.perf_counter() - started
    if not run.moments:
        raise TradeflowError(f"{settings.source} has nothing to play.")
    performance = run.performance if strategy is not None else None
    if performance is not None:
        _require_agreement(performance, funds, source.rules)
    return BacktestReport(
        source=source.name,
        strategy=settings.strategy or "",
        rules=source.rules,
        seed=settings.seed,
        latency_in_ms=settings.latency_in_ms,
        latency_out_ms=settings.latency_out_ms,
        first_ms=run.first_ms,
        last_ms=run.now_ms,
        seconds=seconds,
        is_stopped=run.is_stopped,
        moments=run.moments,
        trades=run.trades,
        flow=source.flow.counts(),
        funds=_by_account(funds),
        performance=performance,
        open_orders=_open_orders(exchange, source.rules.symbol),
        hashes=exchange.state_hashes(),
    )


def _prepared(
    settings: BacktestSettings,
    source: Source,
    exchange: Exchange,
    funds: Funds,
    strategy: Strategy | None,
    screen: BacktestScreen,
) -> BacktestRun:
    rules = source.rules
    wanted = {rules.quote_asset: _QUOTE_UNITS, rules.base_asset: _BASE_UNITS, **settings.funds}
    for asset in wanted:
        if asset not in (rules.quote_asset, rules.base_asset):
            raise TradeflowError(
                f"{rules.symbol} is not traded for {asset}.",
                remedy=f"Fund {rules.base_asset} or {rules.quote_asset}.",
            )

    def begin(time_ms: int) -> None:
        if strategy is not None:
            funds.open_account(ACCOUNT, time_ms)
            for asset, units in wanted.items():
                if units:
                    funds.bring_in(ACCOUNT, asset, units, time_ms)

    performance = Performance(exchange.markets[rules.symbol], every_ms=settings.every_ms)
    run = BacktestRun(
        exchange,
        source.flow,
        performance,
        rules,
        Latency(settings.latency_in_ms, settings.latency_out_ms),
        begin=begin,
        look=screen.show,
    )
    source.flow.begin(exchange, funds)
    if strategy is not None:
        desk = Desk(rules, seed=settings.seed, send=run.send, wake=run.wake)
        desk.on_sent = performance.send
        run.trader = Trader(strategy, desk)
    return run


def _require_agreement(performance: Performance, funds: Funds, rules: Instrument) -> None:
    """What was counted from fills must be what the wallet has: else this program is wrong."""
    for asset, change in (
        (rules.quote_asset, performance.quote_units),
        (rules.base_asset, performance.base_units),
    ):
        before, now = funds.deposited[ACCOUNT, asset], funds.total(ACCOUNT, asset)
        if now - before != change:
            raise AssertionError(f"{asset}: the wallet has {now - before}, fills make {change}")


def _by_account(funds: Funds) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (account, asset), units in sorted(funds.deposited.items()):
        found.setdefault(account, {})[asset] = units
    return found


def _open_orders(exchange: Exchange, symbol: str) -> int:
    orders = exchange.markets[symbol].state.book.orders.values()
    return sum(order.account_id == ACCOUNT for order in orders)
