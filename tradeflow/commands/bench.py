"""`tradeflow bench`: run the benchmarks and print their figures."""

import json
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from bench.figure import Figure
    from bench.registry import Benchmark
    from tradeflow.errors import TradeflowError

FOLDER = Path(".tradeflow/bench")
IDLE_LOAD = 0.5
"""What the one-minute load may be before a run whose figures are worth something."""
STOLEN_PERCENT = 5
"""How much of the cores' time others may take meanwhile."""


def bench(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="See --list.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the README's table.")
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Small sizes: shows that it works, not how fast.")
    ] = False,
    wants_list: Annotated[bool, typer.Option("--list", help="List the benchmarks.")] = False,
) -> None:
    """Run the benchmarks (all, or those named) and print their figures."""
    from bench.machine import StolenTime, machine

    chosen = _chosen(names or [])
    if wants_list:
        width = max(len(benchmark.name) for benchmark in chosen) + 2
        for benchmark in chosen:
            typer.echo(f"{benchmark.name:{width}}{benchmark.summary}")
        return
    facts, stolen = machine(), StolenTime()
    figures, failed = _measured(chosen, is_quick=quick)
    facts["stolen_percent"] = stolen.percent()
    if as_json:
        shown = {"machine": facts, "quick": quick, "figures": [f.as_json() for f in figures]}
        typer.echo(json.dumps(shown, indent=2, ensure_ascii=False))
    elif as_markdown:
        _print_markdown(figures, facts)
    else:
        _print_table(figures, facts)
    for warning in _warnings(facts, is_quick=quick):
        typer.secho(warning, fg=typer.colors.YELLOW, err=True)
    if failed is not None:
        raise failed


def _chosen(names: Sequence[str]) -> "list[Benchmark]":
    from bench.registry import BENCHMARKS
    from tradeflow.errors import TradeflowError

    for name in names:
        if name not in BENCHMARKS:
            raise TradeflowError(
                f"There is no benchmark {name}.", remedy=f"There are: {', '.join(BENCHMARKS)}."
            )
    return [BENCHMARKS[name] for name in names or BENCHMARKS]


def _measured(
    chosen: "Sequence[Benchmark]", *, is_quick: bool
) -> "tuple[list[Figure], TradeflowError | None]":
    """The figures, and why one is missing: minutes of others are not thrown away with it."""
    from rich.console import Console

    from bench.run import Run
    from tradeflow.errors import TradeflowError

    figures: list[Figure] = []
    failed = None
    console = Console(stderr=True)
    with _scratch_folder() as folder, console.status("") as status:
        for number, benchmark in enumerate(chosen, start=1):
            title = f"[{number}/{len(chosen)}] {benchmark.name}"

            def say(what: str, title: str = title) -> None:
                status.update(f"{title}: {what}")
                if not console.is_terminal:
                    console.print(f"{title}: {what}", markup=False, highlight=False)

            own = folder / benchmark.name
            own.mkdir()
            try:
                figures += benchmark.measure(Run(folder=own, say=say, is_quick=is_quick))
            except TradeflowError as error:
                failed = error
                say(f"failed: {error}")
    return figures, failed


@contextmanager
def _scratch_folder() -> Iterator[Path]:
    """A folder of this run's own, gone at its end; SIGTERM ends a run as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = Path(mkdtemp(prefix="run-", dir=FOLDER)).absolute()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        signal.signal(signal.SIGTERM, before)


def _warnings(facts: dict[str, Any], *, is_quick: bool) -> list[str]:
    """Why the figures should not be quoted."""
    warnings = []
    if is_quick:
        warnings.append("Quick: this shows that the benchmarks work, not how fast anything is.")
    if facts["load_before"] > IDLE_LOAD:
        warnings.append(f"The machine was busy (load {facts['load_before']}): run this alone.")
    if facts["stolen_percent"] > STOLEN_PERCENT:
        warnings.append(
            f"Other machines on this host took {facts['stolen_percent']} % of the cores' time: "
            "latencies are theirs as well."
        )
    return warnings


def _print_table(figures: "Sequence[Figure]", facts: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    from bench.figure import COLUMNS, rows
    from bench.machine import in_words

    table = Table(caption=in_words(facts), caption_justify="left")
    for column in COLUMNS:
        table.add_column(column, justify="right" if column in ("Value", "Ratio") else "left")
    for row in rows(figures):
        table.add_row(*row, style={"no": "red", "yes": "green"}.get(row[-1]))
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(table)
    for note in _notes(figures):
        console.print(note, markup=False, highlight=False)


def _print_markdown(figures: "Sequence[Figure]", facts: dict[str, Any]) -> None:
    from bench.figure import markdown
    from bench.machine import in_words

    typer.echo(markdown(figures))
    for text in (*_notes(figures), in_words(facts)):
        typer.echo(f"\n{text}")


def _notes(figures: "Sequence[Figure]") -> list[str]:
    """Each benchmark's notes, once."""
    notes = {(one.benchmark, one.note) for one in figures if one.note}
    order = list(dict.fromkeys(one.benchmark for one in figures))
    return [f"{name}: {note}" for name, note in sorted(notes, key=lambda n: order.index(n[0]))]
