"""I1 and I4 of the wallets: what their events say, added up without a rule of the wallet."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from schemas.wallet_records import LedgerEntry
from tradeflow.checking.answered import Answered
from tradeflow.checking.findings import Promises

_Place = tuple[str, str]
"""Account and asset; of what is in transit, symbol and asset."""

_CLEARING = "clearing:"


class Money:
    """Every balance as events show it last, and where all money came from and went to."""

    def __init__(self, found: Promises) -> None:
        self._sums = found.money
        self._signs = found.holds
        self._balances: dict[_Place, list[int]] = {}
        """Available and held."""
        self._last_entry: Counter[str] = Counter()
        self._totals: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """By asset: deposits, withdrawals, fees."""
        self.clearing: Counter[_Place] = Counter()

    def complete(self, answered: Answered, topic: str) -> None:
        """Take the events of one command in."""
        for output in answered.outputs(topic):
            event = output.value
            entries: list[LedgerEntry] = event.get("entries", [])
            if entries and event["is_repeat"]:
                self._sums.violated(output.position, "a repeat moves money")
            is_fill = output.name == "FillSettledEvent" and not event["is_repeat"]
            if is_fill and (fault := _fault_of_fill(answered.command, entries)):
                self._sums.violated(output.position, f"{event['account_id']}: {fault}")
            for entry in entries:
                if fault := self._post(event["account_id"], entry):
                    self._sums.violated(output.position, f"{event['account_id']}: {fault}")
            for balance in event.get("balances", ()):
                self._show(output.position, event["account_id"], balance)

    def _post(self, account_id: str, entry: LedgerEntry) -> str:
        """Take an entry in; what is wrong with it, or nothing."""
        self._sums.figures["entries"] += 1
        asset, units = entry["asset"], entry["amount_units"]
        self._move(account_id, asset, entry["debit_account"], -units)
        self._move(account_id, asset, entry["credit_account"], units)
        last = self._last_entry[account_id]
        self._last_entry[account_id] = entry["entry_id"]
        if entry["entry_id"] != last + 1:
            return f"entry {entry['entry_id']} follows {last}"
        return "" if units > 0 else f"entry {entry['entry_id']} moves {units} units of {asset}"

    def _move(self, account_id: str, asset: str, name: str, units: int) -> None:
        if name in ("available", "held"):
            self._balance(account_id, asset)[name == "held"] += units
        elif name == "external":
            self._totals[asset]["withdrawals" if units > 0 else "deposits"] += abs(units)
        elif name.startswith(_CLEARING):
            self.clearing[name.removeprefix(_CLEARING), asset] += units
        else:
            self._totals[asset][name] += units

    def _show(self, position: str, account_id: str, shown: Mapping[str, Any]) -> None:
        asset = shown["asset"]
        balance = self._balance(account_id, asset)
        told = [shown["available_units"], shown["held_units"]]
        if told != balance:
            text = f"{account_id} has {told} of {asset}, and its entries add up to {balance}"
            self._sums.violated(position, text)
            balance[:] = told
        if min(told) < 0:
            text = f"{account_id} has {told} of {asset}, available and held"
            self._signs.violated(position, text)

    def _balance(self, account_id: str, asset: str) -> list[int]:
        return self._balances.setdefault((account_id, asset), [0, 0])

    def finish(self) -> None:
        """Compare, asset by asset, where money came from with where it is."""
        for row in self.rows():
            come = row["deposits"] - row["withdrawals"]
            there = row["available"] + row["held"] + row["transit"] + row["fees"]
            if come != there:
                text = f"{come} units came in and {there} are there"
                self._sums.violated(f"asset {row['asset']}", text)
            for name in ("available", "held", "fees"):
                if row[name] < 0:
                    self._signs.violated(f"asset {row['asset']}", f"{row[name]} units are {name}")
        self._sums.standing["assets"] = len(self._totals)
        self._sums.standing["accounts"] = len({account_id for account_id, _ in self._balances})

    def rows(self) -> Iterator[dict[str, Any]]:
        """By asset, in minor units: what came in and went out, and where the rest is."""
        sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        for (_, asset), (available, held) in self._balances.items():
            sums[asset][0] += available
            sums[asset][1] += held
        transit: Counter[str] = Counter()
        for (_, asset), units in self.clearing.items():
            transit[asset] += units
        for asset in sorted(self._totals.keys() | sums.keys() | transit.keys()):
            totals = self._totals[asset]
            yield {
                "asset": asset,
                "deposits": totals["deposits"],
                "withdrawals": totals["withdrawals"],
                "available": sums[asset][0],
                "held": sums[asset][1],
                "transit": transit[asset],
                "fees": totals["fees"],
            }

    def to_state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {
            "balances": [[*place, *balance] for place, balance in self._balances.items()],
            "last_entry": dict(self._last_entry),
            "totals": {asset: dict(totals) for asset, totals in self._totals.items()},
            "clearing": [[*place, units] for place, units in self.clearing.items()],
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        self._balances = {(a, asset): [free, held] for a, asset, free, held in state["balances"]}
        self._last_entry = Counter(state["last_entry"])
        for asset, totals in state["totals"].items():
            self._totals[asset] = Counter(totals)
        self.clearing = Counter({(symbol, asset): n for symbol, asset, n in state["clearing"]})


def _fault_of_fill(command: Mapping[str, Any], entries: list[LedgerEntry]) -> str:
    """What entries move otherwise than the fill says that they come from, or nothing."""
    moved: Counter[tuple[str, str, str]] = Counter()
    for entry in entries:
        asset = "" if entry["debit_account"] == "held" else entry["asset"]
        moved[entry["debit_account"], entry["credit_account"], asset] += entry["amount_units"]
    clearing, received = _CLEARING + command["symbol"], command["received_asset"]
    for name, units, place in (
        ("paid", command["paid_units"], ("held", clearing, "")),
        ("received", command["received_units"], (clearing, "available", received)),
        ("charged", command["commission_units"], ("available", "fees", received)),
    ):
        if moved.pop(place, 0) != units:
            return f"the fill says that {units} are {name}, and the entries do not"
    moved.pop(("held", "available", ""), None)
    return f"a fill moves money from {next(iter(moved))[0]}" if moved else ""
