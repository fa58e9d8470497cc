"""What a replay shows while it runs."""

import time
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from schemas.instruments import Instrument
from tradeflow.replay.run import ReplayRun
from tradeflow.views.book_view import render_book

_REFRESH_SECONDS = 0.2
_LEVELS = 10


class ReplayScreen:
    """Progress and the book that was reached, redrawn a few times a second.

    On a console that is no terminal it shows nothing.
    """

    def __init__(self, console: Console, instrument: Instrument) -> None:
        self._instrument = instrument
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._is_shown = console.is_terminal
        self._started = time.monotonic()
        self._drawn = 0.0

    def __enter__(self) -> "ReplayScreen":
        self._started = time.monotonic()
        if self._is_shown:
            self._live.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._is_shown:
            self._live.stop()

    def show(self, run: ReplayRun) -> None:
        """Draw the run as it stands, unless that was done just now."""
        now = time.monotonic()
        if not self._is_shown or now - self._drawn < _REFRESH_SECONDS:
            return
        self._drawn = now
        self._live.update(self._picture(run, now - self._started), refresh=True)

    def _picture(self, run: ReplayRun, seconds: float) -> RenderableType:
        answers = run.reached.answers
        recorded = (run.now_ms - run.first_ms) / 1_000
        line = Text.assemble(
            ("recorded ", "dim"),
            f"{recorded // 60:02.0f}:{recorded % 60:04.1f}",
            ("  events ", "dim"),
            f"{run.events:,}",
            ("  commands ", "dim"),
            f"{run.flow.number:,}",
            ("  per second ", "dim"),
            f"{answers.answered / max(seconds, 0.001):,.0f}",
            ("  refused ", "dim"),
            f"{answers.rejected:,}",
        )
        book = run.reached.book
        view = render_book(
            self._instrument.symbol,
            book.bids(_LEVELS),
            book.asks(_LEVELS),
            list(run.reached.last_trades),
            self._instrument,
            levels=_LEVELS,
        )
        return Group(line, view)
