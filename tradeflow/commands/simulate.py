"""`tradeflow simulate`: the exchange in one process, with faults, replayed from a seed."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tradeflow.simulation.report import SimulationReport
    from tradeflow.simulation.run import SimulationSettings


def simulate(
    seed: Annotated[int, typer.Option("--seed", help="All chance comes from it.")] = 1,
    seeds: Annotated[
        int, typer.Option("--seeds", min=1, help="How many seeds, from that one on.")
    ] = 1,
    commands: Annotated[
        int | None, typer.Option("--commands", min=1, help="Of clients, in each run.")
    ] = None,
    faults: Annotated[
        str, typer.Option("--faults", help="all, none, or kinds with commas between them.")
    ] = "all",
    trace: Annotated[bool, typer.Option("--trace", help="Print every step.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Run the exchange with crashes, delays and repeats; the exit code is 1 if a promise breaks."""
    import json

    from rich.console import Console

    from tradeflow.simulation.faults import rates_of
    from tradeflow.simulation.run import COMMANDS, SimulationSettings

    settings = SimulationSettings(
        commands=commands or COMMANDS,
        rates=rates_of(faults),
        **({"trace_steps": 0} if trace else {}),
    )
    report, runs = _run(seed, seeds, settings)
    replay = f"tradeflow simulate --seed {report.seed} --commands {settings.commands}"
    replay += "" if faults == "all" else f" --faults {faults}"
    if as_json:
        print(json.dumps({**report.as_json(), "runs": runs, "replay": replay}))
    else:
        console = Console(highlight=False, soft_wrap=True)
        if seeds == 1 or not report.holds:
            console.print(report.as_text(with_trace=trace, replay=replay))
        if seeds > 1 and report.holds:
            console.print(f"{runs:,} seeds from {seed} on: every promise was kept.")
    if not report.holds:
        raise typer.Exit(1)


def _run(first: int, count: int, settings: "SimulationSettings") -> "tuple[SimulationReport, int]":
    """The first report that fails, or the last one; and how many seeds were run."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from tradeflow.simulation.run import Simulation

    columns = (TextColumn("simulating"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=count == 1) as bar:
        task = bar.add_task("", total=count)
        for seed in range(first, first + count):
            report = Simulation(seed, settings).run()
            bar.advance(task)
            if not report.holds:
                break
    return report, report.seed - first + 1
