"""What `tradeflow up` shows: a panel of what to look at, notices, and one line of status."""

from pathlib import Path

from rich import box
from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from tradeflow.supervision.alerts import Notice
from tradeflow.supervision.exchange import Plan, Running
from tradeflow.supervision.health import Totals
from tradeflow.supervision.settings import RunFolder

_LOOK = (
    ("tradeflow book BTCUSDT", "the order book, live"),
    ("tradeflow tail trades", "trades as they happen"),
    ("tradeflow account create alice", "an account; then deposit, balance, ledger"),
    ("tradeflow order --help", "orders that the account pays for"),
    ("tradeflow topics", "what is on which topic"),
    ("tradeflow check", "whether every invariant holds"),
)


def panel(running: Running, plan: Plan, folder: RunFolder) -> Panel:
    """What is up and what to look at."""
    broker = running.bootstrap
    if running.broker is None:
        broker += "  (from BROKER)"
    else:
        broker += f"  (data in {_short(running.broker.data_dir)})"
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_row("Broker", broker)
    for number, worker in enumerate(running.workers):
        table.add_row(
            "" if number else "Workers",
            Text(f"{worker.name}  {worker.health}  {worker.metrics}"),
        )
    flow = f"{plan.flow_rate} orders a second" if plan.flow_rate else "none (--no-flow)"
    table.add_row("Flow", flow)
    table.add_row("Logs", Text(str(_short(folder.logs)) + "/"))
    commands = Table.grid(padding=(0, 2))
    for command, meaning in _LOOK:
        commands.add_row(Text(command, style="bold"), meaning)
    table.add_row("Look", commands)
    table.add_row("End", Text("Ctrl-C here, or tradeflow down in another terminal"))
    return Panel(table, title="TradeFlow is up", box=box.ROUNDED, expand=False)


def status_text(totals: Totals, *, workers: int, commands_a_second: float) -> str:
    """The one line that changes."""
    return (
        f"{totals.ready}/{workers} workers ready · {totals.rounds:,} rounds ·"
        f" {totals.commands:,} commands · {commands_a_second:,.0f} commands/s ·"
        f" {totals.waiting:,} waiting · {totals.dead_letters:,} dead letters"
    )


def _short(path: Path) -> Path:
    """The path as seen from here, where that is shorter to read."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


class Screen:
    """The terminal of `up`; where there is no terminal there is no status line either."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None

    def notice(self, notice: Notice) -> None:
        """One line, above the status line."""
        text = Text(f"ALERT {notice.text}" if notice.is_alert else notice.text)
        if notice.is_alert:
            text.stylize("bold red")
        self._console.print(text, soft_wrap=True)

    def show(self, what: Panel) -> None:
        """Something larger."""
        self._console.print(what)

    def status(self, text: str) -> None:
        """Put another text into the status line."""
        if not self._console.is_terminal:
            return
        line = Text(text, style="dim", no_wrap=True, overflow="ellipsis")
        if self._live is None:
            self._live = Live(line, console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        self._live.update(line, refresh=True)

    def close(self) -> None:
        """Take the status line away."""
        if self._live is not None:
            self._live.stop()
            self._live = None
