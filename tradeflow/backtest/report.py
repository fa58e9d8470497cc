"""What a backtest came to: for people as tables, for programs as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table

from schemas.amounts import UNITS_PER_ASSET, format_ppm, format_steps, format_units, step_units
from schemas.instruments import Instrument
from tradeflow.backtest.performance import Performance, Point

_BPS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestReport:
    """Everything that is shown; ``rules`` are the instrument's own, fees as they were charged."""

    source: str
    strategy: str
    rules: Instrument
    seed: int
    latency_in_ms: int
    latency_out_ms: int
    first_ms: int
    last_ms: int
    seconds: float
    """How long the run took, on this machine's clock; not in the JSON's results."""
    is_stopped: bool
    moments: int
    trades: int
    flow: Mapping[str, int]
    funds: Mapping[str, Mapping[str, int]]
    """Minor units that were brought in, by account and asset."""
    performance: Performance | None
    open_orders: int
    hashes: Mapping[str, str] = field(default_factory=dict)

    @property
    def fill_ratio(self) -> float | None:
        """The share of the accepted quantity that was filled."""
        one = self.performance
        return one.filled_lots / one.ordered_lots if one and one.ordered_lots else None

    @property
    def points(self) -> list[Point]:
        """The equity curve."""
        return self.performance.points if self.performance else []

    def to_json(self) -> dict[str, Any]:
        """All of it as plain values; amounts are decimal strings."""
        rules = self.rules
        return {
            "source": self.source,
            "strategy": self.strategy or None,
            "symbol": rules.symbol,
            "seed": self.seed,
            "latency_ms": {"in": self.latency_in_ms, "out": self.latency_out_ms},
            "fees": {
                "maker": format_ppm(rules.maker_rate_ppm),
                "taker": format_ppm(rules.taker_rate_ppm),
            },
            "first_ms": self.first_ms,
            "last_ms": self.last_ms,
            "is_stopped": self.is_stopped,
            "moments": self.moments,
            "trades": self.trades,
            "flow": dict(self.flow),
            "funds": {
                account: {asset: format_units(units) for asset, units in amounts.items()}
                for account, amounts in self.funds.items()
            },
            "result": None if self.performance is None else self._result(self.performance),
            "state_hash": dict(self.hashes),
        }

    def _result(self, one: Performance) -> dict[str, Any]:
        rules, counts = self.rules, one.counts
        return {
            "orders": {
                "sent": counts["sent"],
                "accepted": counts["accepted"],
                "filled": counts["filled"],
                "cancelled": counts["canceled"],
                "amended": counts["replaced"],
                "expired": counts["expired"],
                "open": self.open_orders,
                "on_the_way": counts["sent"] - counts["accepted"] - counts["rejected"],
                "refused": dict(one.refused),
            },
            "fills": counts["fills"],
            "ordered": format_steps(one.ordered_lots, rules.lot_size),
            "filled": format_steps(one.filled_lots, rules.lot_size),
            "filled_as_maker": format_steps(one.maker_lots, rules.lot_size),
            "fill_ratio": self.fill_ratio,
            "turnover": format_units(one.turnover_units),
            "fees": {asset: format_units(units) for asset, units in one.fees.items()},
            "fees_in_quote": format_units(one.fees_in_quote_units),
            "profit": format_units(one.profit_units),
            "profit_before_fees": format_units(one.profit_units + one.fees_in_quote_units),
            "draw_down": format_units(one.draw_down_units),
            "position": format_units(one.base_units),
            "mid_at_end": _mid(one.double_mid_ticks, rules),
            "slippage": self._slippage(one),
            "equity": [
                [
                    point.time_ms,
                    format_units(point.profit_units),
                    format_units(point.position_units),
                ]
                for point in one.points
            ],
        }

    def _slippage(self, one: Performance) -> dict[str, Any]:
        slip, rules = one.slippage, self.rules
        cost = slip.double_cost * rules.quote_units_per_tick_lot // 2
        return {
            "cost": format_units(cost),
            "bps": slip.double_cost / slip.double_worth * _BPS if slip.double_worth else None,
            "fills_without_mid": slip.fills_without_mid,
        }

    def render(self) -> RenderableType:
        """The tables."""
        tables: list[RenderableType] = [self._run_table()]
        if self.performance is not None:
            tables.append(self._result_table(self.performance))
        return Group(*tables)

    def as_text(self) -> str:
        """The tables as plain text."""
        written = StringIO()
        Console(file=written, width=110, highlight=False).print(self.render())
        return written.getvalue()

    def _run_table(self) -> Table:
        rules = self.rules
        table = _table("The run")
        table.add_row("source", self.source)
        table.add_row("strategy", self.strategy or "none: the flow alone")
        table.add_row("symbol", rules.symbol)
        table.add_row("recorded time", f"{(self.last_ms - self.first_ms) / 1_000:,.1f} s")
        table.add_row("latency", f"{self.latency_in_ms} ms in, {self.latency_out_ms} ms out")
        maker, taker = format_ppm(rules.maker_rate_ppm), format_ppm(rules.taker_rate_ppm)
        table.add_row("fees", f"maker {maker}, taker {taker} of what comes in")
        table.add_row("moments", f"{self.moments:,} in {self.seconds:.1f} s of this machine's time")
        table.add_row("trades", f"{self.trades:,}")
        for name, count in self.flow.items():
            table.add_row(name, f"{count:,}")
        for account, amounts in self.funds.items():
            for asset, units in amounts.items():
                table.add_row(f"funds of {account}", f"{_short(units)} {asset}")
        table.add_row("state", self.hashes.get("all", ""))
        if self.is_stopped:
            table.add_row("ended", "early, as asked")
        return table

    def _result_table(self, one: Performance) -> Table:
        rules, counts = self.rules, one.counts
        quote = rules.quote_asset
        table = _table("The strategy")
        table.add_row(
            "orders",
            f"{counts['sent']} sent, {counts['accepted']} accepted, {counts['filled']} filled,"
            f" {counts['canceled']} cancelled, {counts['replaced']} amended,"
            f" {counts['expired']} expired, {self.open_orders} open",
        )
        if one.refused:
            said = ", ".join(f"{count} {_words(reason)}" for reason, count in one.refused.items())
            table.add_row("refused", said)
        ratio = self.fill_ratio
        table.add_row("fills", f"{counts['fills']}")
        table.add_row("fill ratio", "" if ratio is None else f"{100 * ratio:.1f} %")
        table.add_row(
            "filled", f"{format_steps(one.filled_lots, rules.lot_size)} {rules.base_asset}"
        )
        table.add_row("turnover", f"{_short(one.turnover_units)} {quote}")
        table.add_row("fees", f"{_short(one.fees_in_quote_units)} {quote}")
        table.add_row("profit and loss", f"{_short(one.profit_units)} {quote}")
        table.add_row("largest draw-down", f"{_short(one.draw_down_units)} {quote}")
        slippage = self._slippage(one)
        if slippage["bps"] is not None:
            said = f"{slippage['cost']} {quote}, {slippage['bps']:.2f} bps of mid at decision"
            table.add_row("slippage", said)
        table.add_row("position", f"{format_units(one.base_units)} {rules.base_asset}")
        return table


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left", show_header=False, box=None, pad_edge=False)
    table.add_column(style="dim")
    table.add_column()
    return table


def _short(units: int) -> str:
    """For people: two decimals are enough of what is large."""
    if abs(units) < 100 * UNITS_PER_ASSET:
        return format_units(units)
    return f"{units / UNITS_PER_ASSET:,.2f}"


def _words(reason: str) -> str:
    return reason.lower().replace("_", " ")


def _mid(double_ticks: int | None, rules: Instrument) -> str | None:
    if double_ticks is None:
        return None
    return format_units(double_ticks * step_units(rules.tick_size) // 2)
