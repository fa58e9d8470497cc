"""I1 at every step: each movement of money has two sides, and balances are what entries add up to.

Kept from the events of the wallet alone; no code of the ledger is called.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from tradeflow.checking.findings import Findings
from tradeflow.simulation.promises.seen import Seen

_OF_AN_ORDER = ("WalletSettleFillCommand", "WalletReleaseFundsCommand")


class MoneyWatch:
    """Follows ``wallet.events``, each as soon as it is there."""

    def __init__(self) -> None:
        self.findings = Findings("I1", "what came in is available, held, in transit or a fee")
        self.available: defaultdict[tuple[str, str], int] = defaultdict(int)
        """By account and asset."""
        self.held: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.own: defaultdict[tuple[str, str], int] = defaultdict(int)
        """By the partitions' own accounts (external, fees, clearing:SYMBOL) and asset."""
        self.came_in: defaultdict[tuple[str, str], int] = defaultdict(int)
        """Deposits less withdrawals, by account and asset: as the events say, not the entries."""
        self._last_entry: defaultdict[str, int] = defaultdict(int)
        self._has_moved = False
        self._moved: set[tuple[str, str]] = set()
        self._requests: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)

    def requested(self, seen: Seen) -> None:
        """A deposit or withdrawal in ``wallet.commands``."""
        if seen.name in ("WalletDepositCommand", "WalletWithdrawCommand"):
            self._requests[_id(seen.value)].append(seen.value)

    def happened(self, seen: Seen) -> None:
        """The next of ``wallet.events``."""
        event = seen.value
        if "entries" not in event:
            return
        self.findings.figures["events"] += 1
        self._has_moved |= bool(event["entries"])
        for entry in event["entries"]:
            self._enter(seen, event["account_id"], entry)
        for balance in event["balances"]:
            self._compare(seen, event["account_id"], balance)
        if seen.name in ("FundsDepositedEvent", "FundsWithdrawnEvent") and not event["is_repeat"]:
            self._move(seen)
        if seen.name == "FillSettledEvent" and event["is_repeat"]:
            self._violated(seen, f"fill {event['execution_id']} came a second time")
        if seen.name == "WalletCommandRefusedEvent":
            is_matchings = not event["command_id"].endswith("~r")
            if event["command"] in _OF_AN_ORDER and is_matchings:
                what = f"{event['command']} {event['command_id']} of {event['account_id']}"
                self._violated(seen, f"{what} was refused: {event['reason']}")

    def check_sums(self) -> None:
        """Per asset: what came in is what all accounts have, at this very moment."""
        if not self._has_moved:
            return
        self._has_moved = False
        sums: defaultdict[str, int] = defaultdict(int)
        for books in (self.available, self.held, self.own):
            for (_, asset), units in books.items():
                sums[asset] += units
        for asset, units in sums.items():
            if units:
                self.findings.violated("all accounts", f"{asset} sums to {units}, not to 0")
        self.findings.figures["sums"] += 1

    def _enter(self, seen: Seen, account_id: str, entry: Mapping[str, Any]) -> None:
        expected = self._last_entry[account_id] + 1
        if entry["entry_id"] != expected:
            self._violated(
                seen, f"{account_id}: entry {entry['entry_id']} comes where {expected} should"
            )
        self._last_entry[account_id] = entry["entry_id"]
        asset, units = entry["asset"], entry["amount_units"]
        if units <= 0:
            self._violated(seen, f"{account_id}: an entry of {units} {asset}")
        for side, amount in ((entry["debit_account"], -units), (entry["credit_account"], units)):
            if side == "available":
                self.available[account_id, asset] += amount
            elif side == "held":
                self.held[account_id, asset] += amount
            else:
                self.own[side, asset] += amount

    def _compare(self, seen: Seen, account_id: str, balance: Mapping[str, Any]) -> None:
        key = account_id, balance["asset"]
        told = balance["available_units"], balance["held_units"]
        counted = self.available[key], self.held[key]
        if told != counted:
            self._violated(seen, f"{key}: {told} is said, its entries add up to {counted}")
        if min(told) < 0:
            self._violated(seen, f"{key}: {told} is negative")

    def _move(self, seen: Seen) -> None:
        event = seen.value
        is_deposit = seen.name == "FundsDepositedEvent"
        sign = 1 if is_deposit else -1
        self.came_in[event["account_id"], event["asset"]] += sign * event["amount_units"]
        if _id(event) in self._moved:
            self._violated(seen, f"{event['command_id']} moved money twice")
        self._moved.add(_id(event))
        asked = self._requests[_id(event)]
        if not any(_is_same(event, request) for request in asked):
            self._violated(seen, f"nobody asked for {event['command_id']} like this")

    def _violated(self, seen: Seen, text: str) -> None:
        self.findings.violated(seen.position, text)


def _id(record: Mapping[str, Any]) -> tuple[str, str]:
    return record["account_id"], record["command_id"]


def _is_same(event: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    return all(event[name] == request[name] for name in ("asset", "amount_units"))
