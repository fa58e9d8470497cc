"""The report at the end of a replay."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from schemas.amounts import format_steps, format_units
from schemas.instruments import Instrument
from tradeflow.funding import Deposit
from tradeflow.replay.agreement import Agreement, compare
from tradeflow.replay.run import ReplayRun
from tradeflow.views.book_view import price_text, quantity_text

_DIFFERENCES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """A finished run and how far its book agrees with the recording."""

    run: ReplayRun
    instrument: Instrument
    agreement: Agreement

    @classmethod
    def of(cls, run: ReplayRun, instrument: Instrument) -> "ReplayReport":
        """The report of a run that ended."""
        recorded, book = run.flow.recorded, run.reached.book
        agreement = compare(
            (recorded.levels("BUY"), recorded.levels("SELL")),
            (book.bids(), book.asks()),
            depth=recorded.snapshot_levels,
        )
        return cls(run, instrument, agreement)

    def to_json(self) -> dict[str, Any]:
        """All figures; amounts are decimal strings."""
        run, flow, reached = self.run, self.run.flow, self.run.reached
        answers, agreement = reached.answers, self.agreement
        lot = self.instrument.lot_size
        return {
            "symbol": self.instrument.symbol,
            "is_complete": not run.is_stopped,
            "events": run.events,
            "recorded_seconds": round((run.now_ms - run.first_ms) / 1_000, 3),
            "seconds": round(run.seconds, 3),
            "deposits": [_deposit_json(deposit) for deposit in run.treasury.deposits],
            "commands": flow.number,
            "commands_per_second": round(self._rate()),
            "commands_by_kind": dict(answers.sent),
            "outcomes": {
                f"{kind} {outcome}": count
                for (kind, outcome), count in answers.counted_outcomes().items()
            },
            "rejections": dict(answers.rejections),
            "not_sent": dict(flow.not_sent),
            "unanswered": answers.waiting,
            "trades": {
                "recorded": flow.trades,
                "before_the_snapshot": flow.early_trades,
                "matched": reached.trades,
                "recorded_quantity": format_steps(flow.trade_lots, lot),
                "matched_quantity": format_steps(reached.trade_lots, lot),
            },
            "rounded_quantities": flow.grid.rounded_quantities,
            "off_grid_prices": flow.grid.off_grid_prices,
            "agreement": {
                "share": round(agreement.share, 6),
                "levels": agreement.levels,
                "different_levels": len(agreement.differences),
                "touched_since_last_change": flow.touched_levels,
                "quantity_difference": format_steps(agreement.quantity_difference_lots, lot),
                "best_bid_equal": agreement.is_best_bid_equal,
                "best_ask_equal": agreement.is_best_ask_equal,
                "best_prices_over_time": {
                    "samples": reached.samples.compared,
                    "share": round(reached.samples.share, 6),
                },
                "first_differences": [
                    {
                        "side": difference.side,
                        "price": price_text(self.instrument, difference.price_ticks),
                        "recorded": quantity_text(self.instrument, difference.recorded_lots),
                        "reached": quantity_text(self.instrument, difference.reached_lots),
                    }
                    for difference in agreement.differences[:_DIFFERENCES_SHOWN]
                ],
            },
        }

    def render(self) -> RenderableType:
        """The report for people."""
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim", justify="right", no_wrap=True)
        table.add_column()
        for name, text in self._lines():
            table.add_row(name, text)
        parts: list[RenderableType] = [Text(f"\nReplay of {self.instrument.symbol}", "bold"), table]
        if self.agreement.differences:
            parts.append(self._difference_table())
        return Group(*parts)

    def _lines(self) -> Iterator[tuple[str, str]]:
        run, flow, reached = self.run, self.run.flow, self.run.reached
        answers, agreement, instrument = reached.answers, self.agreement, self.instrument
        recorded_seconds = (run.now_ms - run.first_ms) / 1_000
        early = " (stopped early)" if run.is_stopped else ""
        yield (
            "played",
            f"{recorded_seconds:,.1f} s of recording, {run.events:,} events,"
            f" in {run.seconds:,.1f} s{early}",
        )
        for deposit in run.treasury.deposits:
            yield (
                "deposited",
                f"{format_units(deposit.units)} {deposit.asset} to {deposit.account_id}"
                f" ({deposit.command_id})",
            )
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(answers.sent.items()))
        yield "commands", f"{flow.number:,} ({self._rate():,.0f}/s): {kinds}"
        for (kind, outcome), count in answers.counted_outcomes().items():
            yield "", f"{kind} {outcome}: {count:,}"
        for reason, count in answers.rejections.most_common():
            yield "refused", f"{reason}: {count:,}"
        for reason, count in flow.not_sent.most_common():
            yield "not sent", f"{reason}: {count:,} (the exchange would refuse them)"
        if answers.waiting:
            yield "unanswered", f"{answers.waiting:,} commands"
        yield (
            "trades",
            f"{reached.trades:,} matched for {flow.trades:,} recorded; quantity"
            f" {quantity_text(instrument, reached.trade_lots)} of"
            f" {quantity_text(instrument, flow.trade_lots)}",
        )
        if flow.grid.rounded_quantities or flow.grid.off_grid_prices:
            yield (
                "grid",
                f"{flow.grid.rounded_quantities:,} quantities rounded down to a lot,"
                f" {flow.grid.off_grid_prices:,} levels between two ticks left out",
            )
        equal = agreement.levels - len(agreement.differences)
        yield (
            "agreement",
            f"{agreement.share:.2%} of levels ({equal:,} of {agreement.levels:,}),"
            f" best bid {_same(agreement.is_best_bid_equal)},"
            f" best ask {_same(agreement.is_best_ask_equal)},"
            f" quantities differ by"
            f" {quantity_text(instrument, agreement.quantity_difference_lots)} in all",
        )
        samples = reached.samples
        yield (
            "over time",
            f"best prices equal after {samples.share:.2%} of {samples.compared:,} book changes",
        )
        if flow.touched_levels:
            yield (
                "",
                f"{flow.touched_levels:,} levels were traded at after the last recorded book"
                " change: the recording does not say what became of them",
            )

    def _difference_table(self) -> Table:
        table = Table("side", "price", "recorded", "reached", title="First differing levels")
        for difference in self.agreement.differences[:_DIFFERENCES_SHOWN]:
            table.add_row(
                difference.side,
                price_text(self.instrument, difference.price_ticks),
                quantity_text(self.instrument, difference.recorded_lots),
                quantity_text(self.instrument, difference.reached_lots),
            )
        return table

    def _rate(self) -> float:
        return self.run.flow.number / self.run.seconds if self.run.seconds else 0.0


def _deposit_json(deposit: Deposit) -> dict[str, str]:
    return {
        "account": deposit.account_id,
        "asset": deposit.asset,
        "amount": format_units(deposit.units),
        "command_id": deposit.command_id,
    }


def _same(is_equal: bool) -> str:
    return "equal" if is_equal else "different"
