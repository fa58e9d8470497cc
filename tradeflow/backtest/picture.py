"""The report as a picture: the equity curve with its draw-down, and the position below it."""

import html
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.amounts import UNITS_PER_ASSET
from tradeflow.backtest.report import BacktestReport
from tradeflow.errors import TradeflowError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".html")


def require_drawable(path: Path) -> None:
    """Say before a run, not after it, that its picture cannot be drawn; raises TradeflowError."""
    if path.suffix.lower() not in FORMATS:
        raise TradeflowError(
            f"{path} is no picture that can be drawn.", remedy=f"End it in {', '.join(FORMATS)}."
        )
    if not path.parent.is_dir():
        raise TradeflowError(f"There is no folder {path.parent}.", remedy="Make it first.")
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise TradeflowError(
            "To draw a picture matplotlib is needed.", remedy="pip install 'tradeflow[backtest]'"
        ) from error


def draw(report: BacktestReport, path: Path) -> None:
    """Write the picture; an .html has the figures below it.

    Raises:
        TradeflowError: the file cannot be written.
    """
    figure = _figure(report)
    try:
        if path.suffix.lower() == ".html":
            path.write_text(_page(report, figure), encoding="utf-8")
        else:
            figure.savefig(path, dpi=120)
    except OSError as error:
        raise TradeflowError(f"{path} cannot be written: {error.strerror or error}.") from error


def _figure(report: BacktestReport) -> "Figure":
    # No pyplot: that would look for a display and keep every figure.
    from matplotlib.dates import DateFormatter
    from matplotlib.figure import Figure

    points = report.points
    times = [datetime.fromtimestamp(point.time_ms / 1_000, UTC) for point in points]
    profits = [point.profit_units / UNITS_PER_ASSET for point in points]
    positions = [point.position_units / UNITS_PER_ASSET for point in points]
    peaks, peak = [], 0.0
    for profit in profits:
        peak = max(peak, profit)
        peaks.append(peak)
    figure = Figure(figsize=(10, 6), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot(times, profits, color="tab:blue", linewidth=1.2, label="profit and loss")
    upper.fill_between(times, profits, peaks, color="tab:red", alpha=0.2, label="draw-down")
    upper.set_ylabel(report.rules.quote_asset)
    upper.legend(loc="best")
    upper.grid(alpha=0.3)
    upper.set_title(f"{report.strategy or 'no strategy'} on {report.rules.symbol}")
    lower.step(times, positions, where="post", color="tab:gray", linewidth=1)
    lower.set_ylabel(f"position, {report.rules.base_asset}")
    lower.set_xlabel("recorded time, UTC")
    lower.grid(alpha=0.3)
    lower.xaxis.set_major_formatter(DateFormatter("%H:%M:%S", tz=UTC))  # type: ignore[no-untyped-call]
    return figure


def _page(report: BacktestReport, figure: "Figure") -> str:
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg")
    svg = drawn.getvalue()
    svg = svg[svg.index("<svg") :]  # without the XML declaration before it
    title = html.escape(f"{report.strategy or 'no strategy'} on {report.rules.symbol}")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        "<style>body{font:15px system-ui;margin:2em auto;max-width:70em}svg{max-width:100%;"
        "height:auto}pre{overflow:auto}</style>"
        f"<h1>{title}</h1>{svg}<pre>{html.escape(report.as_text())}</pre></html>"
    )
