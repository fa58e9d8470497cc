"""`tradeflow tail`: the records of a topic, decoded, as they come."""

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tradeflow.topic_reader import Record


def tail(
    topic: Annotated[str, typer.Argument(help="For example trades; tradeflow topics lists all.")],
    start: Annotated[
        str, typer.Option("--from", help="«beginning», «end», or how many of the last records.")
    ] = "10",
    key: Annotated[str | None, typer.Option(help="Only records with this key.")] = None,
    partition: Annotated[int | None, typer.Option(min=0, help="Only this partition.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many records.")] = None,
    once: Annotated[bool, typer.Option("--once", help="End at the present end.")] = False,
    ticks: Annotated[bool, typer.Option("--ticks", help="Ticks too: time that passes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show the records of a topic and follow it. Ctrl-C ends it."""
    from tradeflow.running_broker import running_broker
    from tradeflow.topic_tail import TopicTail, parse_start

    begin = parse_start(start)
    show = _show_json if as_json else _human()
    follow = TopicTail(
        running_broker(),
        topic,
        begin=begin,
        key=None if key is None else key.encode(),
        partition=partition,
        ticks=ticks,
    )
    try:
        for shown, record in enumerate(follow.records(follows=not once), start=1):
            show(record)
            if shown == count:
                break
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:
        # Whoever read the lines has seen enough: what is flushed at the end goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        follow.close()


def _show_json(record: "Record") -> None:
    from tradeflow.views.record_text import json_line

    print(json_line(record), flush=True)


def _human() -> "Callable[[Record], None]":
    from rich.console import Console

    from schemas.instruments import load_instruments
    from tradeflow.commands.worker import streams_settings
    from tradeflow.views.record_text import human_line

    instruments = load_instruments(streams_settings().instruments)
    console = Console(highlight=False, soft_wrap=True)

    def show(record: "Record") -> None:
        console.print(human_line(record, instruments))

    return show
