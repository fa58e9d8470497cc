"""`tradeflow reprocess`: a stage again over its topic's past."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tradeflow.reprocessing.run import Plan, Reprocessed


class Stage(StrEnum):
    """What can be run again."""

    CANDLES = "candles"
    MATCHING = "matching"
    ALL = "all"


def reprocess(
    stage: Annotated[
        Stage,
        typer.Option(
            help="candles (reads trades), matching (reads orders.incoming), or all: both in a row."
        ),
    ],
    suffix: Annotated[
        str, typer.Option(help="The new topics are named TOPIC.SUFFIX.", metavar="NAME")
    ],
    begin: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME|OFFSET", help="Where the outputs begin."),
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="TIME|OFFSET", help="Where they end.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Make new topics anew that are there.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Run a stage again over its topic's past into new topics; live ones are only read.

    The stage begins with the log's beginning, for its state, and writes what comes of records
    between --from and --to: offsets (of every partition) or times of the log.
    """
    import json

    from rich.console import Console

    from tradeflow.reprocessing.log_range import parse_bound
    from tradeflow.reprocessing.run import Plan

    done = _run(
        Plan(
            stage=stage.value,
            suffix=_suffix(suffix),
            begin=None if begin is None else parse_bound(begin),
            end=None if end is None else parse_bound(end),
            replace=replace,
        )
    )
    if as_json:
        print(json.dumps({"read": done.read, "written": dict(done.written)}))
        return
    out = Console(highlight=False, soft_wrap=True)
    out.print(f"{done.read:,} records read.")
    for topic, count in done.written.items():
        out.print(f"{count:>12,} records on {topic}")


def _run(plan: "Plan") -> "Reprocessed":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from schemas.instruments import load_instruments
    from tradeflow.commands.worker import streams_settings
    from tradeflow.reprocessing.run import reprocess as run
    from tradeflow.running_broker import running_broker

    settings = streams_settings()
    columns = (TextColumn("reprocessing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        return run(
            running_broker(),
            plan,
            load_instruments(settings.instruments),
            grace_ms=settings.candle_grace_ms,
            progress=lambda read, size: bar.update(task, completed=read, total=size),
        )


def _suffix(text: str) -> str:
    """A part of a topic's name."""
    from tradeflow.errors import TradeflowError

    if not text or not all(c.isascii() and (c.isalnum() or c in "-_") for c in text):
        raise TradeflowError(
            f"--suffix={text} will not do.", remedy="Take letters, digits, - and _."
        )
    return text
