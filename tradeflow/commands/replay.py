"""`tradeflow replay`: recorded market data as order flow."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tradeflow.replay.report import ReplayReport


def _speed(text: str) -> float:
    if text == "max":
        return float("inf")
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise typer.BadParameter(f"{text} is neither a factor above 0 nor max.")
    return speed


def replay(
    file: Annotated[
        Path, typer.Argument(help="The recording: «receive_ns JSON» a line, gzipped or not.")
    ],
    speed: Annotated[
        float,
        typer.Option(
            parser=_speed, metavar="N|max", help="1 as recorded, N times that, or max: flat out."
        ),
    ] = "max",  # type: ignore[assignment]
    live: Annotated[
        bool,
        typer.Option("--live", help="Feed the running exchange, not one started for this run."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show nothing while it runs.")] = False,
    expect_agreement: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=1.0, help="Fail if fewer levels than this share are as recorded."
        ),
    ] = None,
) -> None:
    """Play recorded Binance market data as orders, and compare the book with the recorded one.

    The book follows the recording's depth messages; recorded trades take from it. By default this
    runs on an exchange of its own that is gone afterwards.
    """
    import json

    from rich.console import Console

    from tradeflow.errors import TradeflowError
    from tradeflow.replay.session import replay_file

    # What is shown on the way must not mix with JSON on the standard output.
    screen = Console(stderr=True, highlight=False, quiet=quiet)
    report: ReplayReport = replay_file(file, speed=speed, live=live, console=screen)
    if as_json:
        typer.echo(json.dumps(report.to_json(), indent=2))
    else:
        Console(highlight=False).print(report.render())
    share = report.agreement.share
    if expect_agreement is not None and share < expect_agreement:
        raise TradeflowError(
            f"Only {share:.4f} of the levels are as recorded; {expect_agreement} was expected."
        )
