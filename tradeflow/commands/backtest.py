"""`tradeflow backtest`: a strategy against recorded order flow, on the whole exchange."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tradeflow.backtest.session import BacktestSettings


_Source = Annotated[
    str,
    typer.Argument(
        metavar="FILE|TOPIC",
        help="A recording of Binance's streams, a LOBSTER message file (both gzipped or not),"
        " or orders.commands or orders.incoming of the running exchange.",
    ),
]
_Strategy = Annotated[
    str | None,
    typer.Option(metavar="MODULE:CLASS", help="The strategy; without one the flow runs alone."),
]
_Parameters = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="For the strategy's constructor; may be repeated."),
]
_Symbol = Annotated[
    str | None, typer.Option(help="What the strategy trades, where a topic has several.")
]
_LatencyIn = Annotated[
    int, typer.Option(min=0, help="How long a command takes to the exchange, in ms.")
]
_LatencyOut = Annotated[
    int, typer.Option(min=0, help="How long reports, trades and book changes take back, in ms.")
]
_MakerFee = Annotated[
    str | None, typer.Option(metavar="RATE", help="0.001 is 0.1 %; default: the instrument's.")
]
_TakerFee = Annotated[
    str | None, typer.Option(metavar="RATE", help="The same where an order takes.")
]
_Fund = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ASSET=AMOUNT",
        help="What the strategy begins with; default: 1000000 of the quote asset and 1000 of"
        " the base asset.",
    ),
]
_Every = Annotated[int, typer.Option(min=1, help="Between two points of the equity curve, in ms.")]
_Plot = Annotated[
    Path | None, typer.Option(help="Draw the equity curve into this .png, .svg or .html.")
]
_Traceback = Annotated[
    bool, typer.Option("--traceback", help="Show the whole way to a strategy's error.")
]


def backtest(
    source: _Source,
    strategy: _Strategy = None,
    param: _Parameters = None,
    symbol: _Symbol = None,
    latency_in: _LatencyIn = 0,
    latency_out: _LatencyOut = 0,
    maker_fee: _MakerFee = None,
    taker_fee: _TakerFee = None,
    fund: _Fund = None,
    seed: Annotated[int, typer.Option(help="Of the strategy's random numbers.")] = 0,
    every: _Every = 1_000,
    plot: _Plot = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show nothing while it runs.")] = False,
    show_traceback: _Traceback = False,
) -> None:
    """Let a strategy trade against recorded order flow, in one process and without Kafka.

    The exchange is the whole one: its orders are paid for, take what rests in the book and move
    it. Equal inputs give equal results, down to the state's hash.

    Two strategies to begin with: tradeflow.backtest.examples.market_maker:MarketMaker quotes
    around mid (size, limit, away_bps, every_ms), and
    tradeflow.backtest.examples.moving_averages:MovingAverages follows two averages of the trades
    (size, fast, slow). How to write one: tradeflow/backtest/README.md.
    """
    from tradeflow.backtest.picture import require_drawable
    from tradeflow.backtest.session import BacktestSettings
    from tradeflow.backtest.source import Fees

    if plot is not None:
        require_drawable(plot)
    settings = BacktestSettings(
        source=source,
        strategy=strategy,
        parameters=dict(_pair(each, "--param") for each in param or ()),
        symbol=symbol,
        latency_in_ms=latency_in,
        latency_out_ms=latency_out,
        fees=Fees(
            maker_ppm=_rate(maker_fee, "--maker-fee"), taker_ppm=_rate(taker_fee, "--taker-fee")
        ),
        funds=_funds(fund or ()),
        seed=seed,
        every_ms=every,
    )
    _report(settings, plot, as_json=as_json, quiet=quiet, show_traceback=show_traceback)


def _report(
    settings: "BacktestSettings",
    plot: Path | None,
    *,
    as_json: bool,
    quiet: bool,
    show_traceback: bool,
) -> None:
    """Run it, and print and draw what it came to."""
    import json
    import traceback

    from rich.console import Console

    from tradeflow.backtest.picture import draw
    from tradeflow.backtest.session import run_backtest
    from tradeflow.backtest.trader import StrategyError

    # What is shown on the way must not mix with JSON on the standard output.
    screen = Console(stderr=True, highlight=False, quiet=quiet)
    try:
        report = run_backtest(settings, screen)
    except StrategyError as error:
        if show_traceback and error.__cause__ is not None:
            typer.echo("".join(traceback.format_exception(error.__cause__)), err=True)
        raise
    if as_json:
        typer.echo(json.dumps(report.to_json(), indent=2))
    else:
        Console(highlight=False).print(report.render())
    if plot is not None:
        draw(report, plot)


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise typer.BadParameter(f"{option} {text}: write NAME=VALUE.")
    return name, value


def _rate(text: str | None, option: str) -> int | None:
    from schemas.amounts import AmountError, parse_ppm
    from schemas.instruments import PPM

    if text is None:
        return None
    try:
        ppm = parse_ppm(text)
    except AmountError as error:
        raise typer.BadParameter(f"{option}: {error}.") from None
    if ppm > PPM:
        raise typer.BadParameter(f"{option}: {text} is more than 1.")
    return ppm


def _funds(texts: Iterable[str]) -> dict[str, int]:
    from schemas.amounts import AmountError, parse_units

    funds = {}
    for text in texts:
        asset, amount = _pair(text, "--fund")
        try:
            funds[asset] = parse_units(amount)
        except AmountError as error:
            raise typer.BadParameter(f"--fund {text}: {error}.") from None
    return funds
