"""I1, of what is in transit: a trade puts in what it takes out, once both its sides are settled."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from schemas.instruments import Instrument
from schemas.records import ExecutionReport
from schemas.topics import WALLET_COMMANDS
from tradeflow.checking.entry import Entry
from tradeflow.checking.findings import Findings
from tradeflow.topic_reader import Partition

_Place = tuple[str, str]
"""Symbol and asset."""


class Transit:
    """What orders without a hold leave in transit for ever; what is under way is not judged."""

    def __init__(
        self,
        findings: Findings,
        instruments: Mapping[str, Instrument],
        cut: Mapping[Partition, int],
    ) -> None:
        self._findings = findings
        self._instruments = instruments
        self._cut = cut
        self._unpaid: Counter[_Place] = Counter()
        self._moving: set[str] = set()

    def complete(self, reports: Iterable[ExecutionReport]) -> None:
        """Take the reports of one command in."""
        for report in reports:
            if report["execution_type"] != "TRADE" or report["hold_id"]:
                continue
            symbol = report["symbol"]
            instrument = self._instruments[symbol]
            base = report["last_quantity_lots"] * instrument.base_units_per_lot
            sign = 1 if report["side"] == "BUY" else -1
            self._unpaid[symbol, instrument.quote_asset] += sign * report["last_quote_units"]
            self._unpaid[symbol, instrument.base_asset] -= sign * base

    def take(self, entry: Entry) -> None:
        """Look whether a fill lies between the two cuts."""
        if entry.topic != WALLET_COMMANDS.name or entry.name != "WalletSettleFillCommand":
            return
        is_settled = entry.offset < self._cut.get(entry.partition, 0)
        cause = entry.cause
        is_matched = cause is not None and cause.offset < self._cut.get(cause.partition, 0)
        if is_settled != is_matched:
            self._moving.add(entry.value["symbol"])

    def finish(self, clearing: Mapping[_Place, int]) -> None:
        """Compare what is in transit of each symbol whose fills are all settled."""
        for symbol, asset in sorted(clearing.keys() | self._unpaid.keys()):
            if symbol in self._moving:
                continue
            units = clearing.get((symbol, asset), 0) + self._unpaid[symbol, asset]
            if units:
                text = f"{units} units of {asset} are in transit, and no fill of {symbol} is"
                self._findings.violated(f"{WALLET_COMMANDS.name} {symbol}", text)
        self._findings.standing["symbols with fills under way"] = len(self._moving)

    def to_state(self) -> list[Any]:
        """For a checkpoint."""
        return [[*place, units] for place, units in self._unpaid.items() if units]

    def load(self, state: list[Any]) -> None:
        """Go on from a checkpoint."""
        self._unpaid = Counter({(symbol, asset): units for symbol, asset, units in state})
