"""What `tradeflow up` shows: a panel of what to look at, notices, and how all parts are."""

from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from tradeflow.supervision.alerts import Notice
from tradeflow.supervision.demo import ACCOUNT
from tradeflow.supervision.exchange import Plan, Running
from tradeflow.supervision.health import Totals
from tradeflow.supervision.settings import RunFolder
from tradeflow.supervision.status import PartStatus

_LOOK = (
    ("tradeflow status", "how each part is, from another terminal"),
    ("tradeflow book BTCUSDT", "the order book, live"),
    ("tradeflow tail trades", "trades as they happen"),
    ("tradeflow account create alice", "an account; then deposit, balance, ledger"),
    ("tradeflow order --help", "orders that the account pays for"),
    ("tradeflow topics", "what is on which topic"),
    ("tradeflow check", "whether every invariant holds"),
)
_STYLES = {"up": "green", "starting": "yellow", "down": "bold red"}


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
    flow = f"makers and a crowd, {plan.flow_rate} commands a second" if plan.flow_rate else ""
    table.add_row("Flow", flow or "none (--no-flow)")
    stores = [f"{part.name} {part.address}" for part in running.parts if part.kind == "store"]
    table.add_row("Stores", Text("  ".join(stores) or "none"))
    table.add_row("Logs", Text(str(_short(folder.logs)) + "/"))
    for label, what in _for_clients(running):
        table.add_row(label, what)
    commands = Table.grid(padding=(0, 2))
    for command, meaning in _LOOK:
        commands.add_row(Text(command, style="bold"), meaning)
    table.add_row("Look", commands)
    table.add_row("End", Text("Ctrl-C here, or tradeflow down in another terminal"))
    return Panel(table, title="TradeFlow is up", box=box.ROUNDED, expand=False)


def _for_clients(running: Running) -> list[tuple[str, RenderableType]]:
    url = running.gateway
    if not url:
        return [("Gateway", Text("none"))]
    sockets = url.replace("http", "ws", 1)
    rows: list[tuple[str, RenderableType]] = [
        ("Gateway", Text(f"{url}/  {url}/health  {url}/metrics", style="bold")),
        ("REST", Text(f"{url}/api/v3")),
        ("Streams", Text(f"{sockets}/ws  {sockets}/stream  {sockets}/ws-api/v3")),
    ]
    if running.key is not None:
        # Short labels: a key and its frame fill a terminal of 80 columns, and cut it is no key.
        rows.append(("Account", Text(ACCOUNT)))
        rows.append(("Key", Text(running.key.key, overflow="fold")))
        rows.append(("Secret", Text(running.key.secret, overflow="fold")))
    rows.append(
        ("Clients", Text("tradeflow env ccxt | python-binance | freqtrade | … : what to paste"))
    )
    return rows


def status_table(statuses: Sequence[PartStatus]) -> Table:
    """Each part in a line, and what they take together."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("part", "state", "at", "behind", "memory", ""):
        table.add_column(name, style="dim", justify="right" if name in _NUMBERS else "left")
    for each in statuses:
        table.add_row(
            Text(each.name),
            Text(each.state, style=_STYLES[each.state]),
            Text(each.address),
            "" if each.lag is None else f"{each.lag:,}",
            "" if each.memory_bytes is None else _mebibytes(each.memory_bytes),
            Text(each.said),
        )
    sizes = [each.memory_bytes for each in statuses if each.memory_bytes is not None]
    table.add_row("all", "", "", "", _mebibytes(sum(sizes)), "")
    return table


_NUMBERS = ("behind", "memory")


def status_text(totals: Totals, *, workers: int, commands_a_second: float) -> str:
    """The line of what goes on."""
    return (
        f"{totals.ready}/{workers} workers ready · {totals.rounds:,} rounds ·"
        f" {totals.commands:,} commands · {commands_a_second:,.0f} commands/s ·"
        f" {totals.waiting:,} waiting · {totals.dead_letters:,} dead letters"
    )


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"


def _short(path: Path) -> Path:
    """The path as seen from here, where that is shorter to read."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


class Screen:
    """The terminal of `up`; where there is no terminal there is no view of the parts either."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None

    @property
    def is_live(self) -> bool:
        """Whether somebody sees what changes."""
        return self._console.is_terminal

    def notice(self, notice: Notice) -> None:
        """One line, above the view of the parts."""
        text = Text(f"ALERT {notice.text}" if notice.is_alert else notice.text)
        if notice.is_alert:
            text.stylize("bold red")
        self._console.print(text, soft_wrap=True)

    def show(self, what: Panel) -> None:
        """Something larger."""
        self._console.print(what)

    def status(self, statuses: Sequence[PartStatus], text: str) -> None:
        """Put the parts as they are now, and a line below, into the view."""
        if not self.is_live:
            return
        line = Text(text, style="dim", no_wrap=True, overflow="ellipsis")
        view = Group(Text(), status_table(statuses), line)
        if self._live is None:
            self._live = Live(view, console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        self._live.update(view, refresh=True)

    def close(self) -> None:
        """Take the view away."""
        if self._live is not None:
            self._live.stop()
            self._live = None
