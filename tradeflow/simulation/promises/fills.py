"""What each account must have, from the execution reports alone: a slow second opinion.

Written from the rules (``MATCHING.md``, ``LEDGER.md``), not from the code that settles: it calls
none of it.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from schemas.instruments import Instrument
from tradeflow.checking.findings import Findings
from tradeflow.simulation.promises.money import MoneyWatch
from tradeflow.simulation.promises.seen import Seen

_MARKET_KINDS = ("MARKET", "STOP_LOSS", "TAKE_PROFIT")
_OPEN = ("NEW", "PARTIALLY_FILLED")
_CHANGES_NO_ORDER = (
    "REJECTED",
    "CANCEL_REJECTED",
    "AMEND_REJECTED",
    "STATUS_CHANGED",
    "ORDER_STATUS",
)


class FillAccounts:
    """Follows the reports of matching, and compares with what the wallet says and keeps."""

    def __init__(self, instruments: Mapping[str, Instrument]) -> None:
        self.money = Findings("money", "balances follow from deposits, fills and rates alone")
        self.holds = Findings("I4", "nothing negative; a hold is what its order still needs")
        self._instruments = instruments
        self._traded: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._fees: defaultdict[str, int] = defaultdict(int)
        self._needs: dict[tuple[str, int], int] = {}
        self.open: dict[tuple[str, int], Mapping[str, Any]] = {}
        """The last report on each open order, by symbol and order id."""

    def reported(self, seen: Seen) -> None:
        """A report of matching: the orders stage's own have no execution id."""
        report = seen.value
        if not report["execution_id"] or report["symbol"] not in self._instruments:
            return
        symbol = report["symbol"]
        needs = self._needs_of(report)
        self._needs[symbol, report["execution_id"]] = needs
        if report["execution_type"] == "TRADE":
            self._trade(seen, report)
        if report["execution_type"] in _CHANGES_NO_ORDER:
            return
        key = symbol, report["order_id"]
        if report["order_status"] in _OPEN:
            self.open[key] = report
        else:
            self.open.pop(key, None)

    def happened(self, seen: Seen) -> None:
        """A fill was settled, or a hold reduced, on matching's word."""
        event = seen.value
        if seen.name == "FillSettledEvent":
            execution_id = event["execution_id"]
        elif seen.name == "FundsReleasedEvent" and event["command_id"].startswith("release-"):
            execution_id = int(event["command_id"].removeprefix("release-"))
        else:
            return
        needs = self._needs.get((event["symbol"], execution_id))
        self.holds.figures["changes of holds"] += 1
        if needs is None:
            self.holds.violated(seen.position, f"no execution {execution_id} was reported")
        elif needs != event["left_units"] and not event["is_repeat"]:
            self.holds.violated(
                seen.position,
                f"hold {event['hold_id']} has {event['left_units']} left, its order needs {needs}",
            )

    def reckon(self, watch: MoneyWatch, rows: Mapping[str, Mapping[str, Any]]) -> None:
        """When all is quiet: balances, fees, transit and holds, as the wallets' rows have them."""
        self._check_balances(watch, rows)
        self._check_own(rows)
        held = {
            (row["account_id"], row["hold_id"]): row["left_units"]
            for key, row in rows.items()
            if "hold_id" in row and row["left_units"]
        }
        needed: dict[tuple[str, str], int] = {}
        for report in self.open.values():
            hold = report["account_id"], report["hold_id"]
            # One hold pays for both legs of a list, of which one trades.
            needed[hold] = max(needed.get(hold, 0), self._needs_of(report))
        for key in sorted(held.keys() | needed.keys()):
            self.holds.figures["open holds"] += 1
            if held.get(key, 0) != needed.get(key, 0):
                self.holds.violated(
                    f"hold {key}", f"{held.get(key, 0)} is held, {needed.get(key, 0)} is needed"
                )

    def _check_balances(self, watch: MoneyWatch, rows: Mapping[str, Mapping[str, Any]]) -> None:
        kept = {
            (row["account_id"], row["asset"]): row["available_units"] + row["held_units"]
            for row in rows.values()
            if "available_units" in row and not row["account_id"].startswith("@")
        }
        for key in sorted(kept.keys() | self._traded.keys() | watch.came_in.keys()):
            due = watch.came_in[key] + self._traded[key]
            self.money.figures["balances"] += 1
            if kept.get(key, 0) != due:
                self.money.violated(f"balance {key}", f"is {kept.get(key, 0)}, must be {due}")

    def _check_own(self, rows: Mapping[str, Mapping[str, Any]]) -> None:
        sums: defaultdict[tuple[str, str], int] = defaultdict(int)
        for row in rows.values():
            if "available_units" in row and row["account_id"].startswith("@"):
                sums[row["account_id"], row["asset"]] += row["available_units"]
        for (name, asset), units in sorted(sums.items()):
            if name.startswith("@clearing") and units:
                self.money.violated(name, f"{units} {asset} are in transit for ever")
            elif name == "@fees" and units != self._fees[asset]:
                self.money.violated(
                    name, f"{units} {asset}, the commissions are {self._fees[asset]}"
                )

    def _trade(self, seen: Seen, report: Mapping[str, Any]) -> None:
        rules = self._instruments[report["symbol"]]
        lots, price = report["last_quantity_lots"], report["last_price_ticks"]
        base, quote = lots * rules.base_units_per_lot, price * lots * rules.quote_units_per_tick_lot
        is_buy = report["side"] == "BUY"
        received, paid = (base, quote) if is_buy else (quote, base)
        got, gave = rules.base_asset, rules.quote_asset
        if not is_buy:
            got, gave = gave, got
        rate = rules.maker_rate_ppm if report["role"] == "MAKER" else rules.taker_rate_ppm
        commission = received * rate // 1_000_000
        if report["commission_units"] != commission:
            text = f"commission {report['commission_units']}, {rate} ppm of {received} is"
            self.money.violated(seen.position, f"{text} {commission}")
        account = report["account_id"]
        self._traded[account, got] += received - commission
        self._traded[account, gave] -= paid
        self._fees[got] += commission
        self.money.figures["fills"] += 1

    def _needs_of(self, report: Mapping[str, Any]) -> int:
        """What an order still needs, in its hold's asset."""
        if report["order_status"] not in _OPEN:
            return 0
        rules = self._instruments[report["symbol"]]
        budget, by_quote = report["budget_units"], report["quote_quantity_units"]
        if report["side"] == "SELL":
            if by_quote:
                sold: int = report["cumulative_quantity_lots"] * rules.base_units_per_lot
                return int(budget) - sold
            return int(report["leaves_quantity_lots"]) * rules.base_units_per_lot
        paid = report["cumulative_quote_units"]
        if by_quote:
            return int(min(by_quote, budget or by_quote) - paid)
        if report["order_type"] in _MARKET_KINDS:
            return int(budget - paid)
        # A buy is reserved at its own price.
        lots = int(report["leaves_quantity_lots"])
        return lots * int(report["price_ticks"]) * rules.quote_units_per_tick_lot
