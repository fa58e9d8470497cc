"""A wallet that is slow and obvious: every balance is the sum of all entries so far.

Written from ``streams/domain/LEDGER.md`` alone; the fast one must give the same events.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

REMEMBERED_MS = 600_000
SUPPLY_LIMIT = (2**63 - 1) // 64

Command = Mapping[str, Any]


@dataclass
class Answer:
    """What a command was answered; ``said`` is all of the command but its time."""

    said: Any
    reason: str
    time_ms: int


@dataclass
class ReferenceHold:
    asset: str
    symbol: str
    amount: int
    executions: list[int] = field(default_factory=lambda: [0])
    closed_ms: int | None = None


class Refusal(Exception):  # noqa: N818 - an answer, not an error
    """A check that failed, with its reason; ``is_new`` is False for an answer given before."""

    def __init__(self, reason: str, *, is_new: bool = True, is_repeat: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_new = is_new
        self.is_repeat = is_repeat


class ReferenceWallet:
    def __init__(self, assets: set[str]) -> None:
        self.assets = assets
        self.now = 0
        self.status: dict[str, str] = {}
        self.entries: list[dict[str, Any]] = []
        """All ever, each with its account."""
        self.holds: dict[tuple[str, str], ReferenceHold] = {}
        self.answers: dict[tuple[str, str], Answer] = {}

    # --- sums over the entries --------------------------------------------------------------------

    def total(self, place: str, asset: str, account: str | None = None) -> int:
        """What is at a place (available, held, external, …), of one account or of all."""
        amount = 0
        for entry in self.entries:
            if entry["asset"] == asset and account in (None, entry["account"]):
                amount += entry["amount_units"] * (entry["credit_account"] == place)
                amount -= entry["amount_units"] * (entry["debit_account"] == place)
        return amount

    def left(self, account: str, hold_id: str) -> int:
        """What the entries of a hold leave in it."""
        hold = self.holds[account, hold_id]
        amount = 0
        for entry in self.entries:
            if entry["account"] == account and entry.get("hold") == hold_id:
                amount += entry["amount_units"] * (entry["credit_account"] == "held")
                amount -= entry["amount_units"] * (entry["debit_account"] == "held")
        assert amount <= hold.amount
        return amount

    # --- commands ---------------------------------------------------------------------------------

    def apply(self, name: str, command: Command) -> tuple[str, dict[str, Any]] | None:
        self.now = max(self.now, command["time_ms"])
        early = self.now - REMEMBERED_MS
        self.answers = {k: a for k, a in self.answers.items() if a.time_ms > early}
        self.holds = {
            k: h for k, h in self.holds.items() if h.closed_ms is None or h.closed_ms > early
        }
        if name == "Tick":
            return None
        before = len(self.entries)
        said = (name, {k: v for k, v in command.items() if k != "time_ms"})
        try:
            event, more, is_repeat = self._handlers()[name](command, said)
            reason = "NONE"
        except Refusal as refusal:
            reason, is_repeat = refusal.reason, refusal.is_repeat
            event, more = self._no(name, command, reason)
            remember = refusal.is_new
        else:
            remember = not is_repeat and name != "WalletReserveFundsCommand"
        moves_hold = name in ("WalletSettleFillCommand", "WalletReleaseFundsCommand")
        if remember and not moves_hold and command["account_id"] in self.status:
            key = command["account_id"], command["command_id"]
            self.answers[key] = Answer(said, reason, self.now)
        new = self.entries[before:]
        return event, {
            "command_id": command["command_id"],
            "account_id": command["account_id"],
            **more,
            "is_repeat": is_repeat,
            "entries": [self._shown(entry) for entry in new],
            "balances": self._balances(event, command, new),
            "time_ms": self.now,
        }

    def _handlers(self) -> dict[str, Callable[[Command, Any], tuple[str, dict[str, Any], bool]]]:
        return {
            "WalletOpenAccountCommand": self._open,
            "WalletSetStatusCommand": self._set_status,
            "WalletDepositCommand": self._deposit,
            "WalletWithdrawCommand": self._withdraw,
            "WalletReserveFundsCommand": self._reserve,
            "WalletSettleFillCommand": self._fill,
            "WalletReleaseFundsCommand": self._release,
        }

    def _no(self, name: str, command: Command, reason: str) -> tuple[str, dict[str, Any]]:
        if name == "WalletReserveFundsCommand":
            echoed = {k: command[k] for k in ("symbol", "asset", "amount_units", "requested_ms")}
            return "FundsReservationFailedEvent", {**echoed, "reason": reason}
        return "WalletCommandRefusedEvent", {"command": name, "reason": reason}

    def _was_done(self, command: Command, said: Any) -> bool:
        """Whether it was carried out before; raises what it was refused with."""
        answer = self.answers.get((command["account_id"], command["command_id"]))
        if answer is None:
            if (command["account_id"], command["command_id"]) in self.holds:
                raise Refusal("COMMAND_ID_REUSED", is_new=False)
            return False
        if answer.said != said:
            raise Refusal("COMMAND_ID_REUSED", is_new=False)
        if answer.reason != "NONE":
            raise Refusal(answer.reason, is_new=False, is_repeat=True)
        return True

    def _open(self, command: Command, said: Any) -> tuple[str, dict[str, Any], bool]:
        account = command["account_id"]
        if account.startswith("@"):
            raise Refusal("RESERVED_ACCOUNT_ID")
        is_repeat = account in self.status and self._was_done(command, said)
        if account in self.status and not is_repeat:
            raise Refusal("ACCOUNT_EXISTS")
        self.status.setdefault(account, "OPEN")
        return "AccountStatusChangedEvent", {"status": self.status[account]}, is_repeat

    def _set_status(self, command: Command, said: Any) -> tuple[str, dict[str, Any], bool]:
        account, status = command["account_id"], command["status"]
        self._require_known(account)
        if self._was_done(command, said):
            return "AccountStatusChangedEvent", {"status": status}, True
        if self.status[account] == "CLOSED":
            raise Refusal("ACCOUNT_CLOSED")
        money = any(
            self.total(place, asset, account)
            for place in ("available", "held")
            for asset in self.assets
        )
        if status == "CLOSED" and money:
            raise Refusal("ACCOUNT_NOT_EMPTY")
        self.status[account] = status
        return "AccountStatusChangedEvent", {"status": status}, False

    def _deposit(self, command: Command, said: Any) -> tuple[str, dict[str, Any], bool]:
        account, asset, amount = (command[k] for k in ("account_id", "asset", "amount_units"))
        more = {"asset": asset, "amount_units": amount}
        self._require_known(account)
        if self._was_done(command, said):
            return "FundsDepositedEvent", more, True
        if self.status[account] == "CLOSED":
            raise Refusal("ACCOUNT_CLOSED")
        self._require_amount(asset, amount)
        if amount - self.total("external", asset) > SUPPLY_LIMIT:
            raise Refusal("AMOUNT_OVERFLOW")
        self._enter(
            account, "DEPOSIT", asset, amount, "external", "available", command["command_id"]
        )
        return "FundsDepositedEvent", more, False

    def _withdraw(self, command: Command, said: Any) -> tuple[str, dict[str, Any], bool]:
        account, asset, amount = (command[k] for k in ("account_id", "asset", "amount_units"))
        more = {"asset": asset, "amount_units": amount}
        self._require_known(account)
        if self._was_done(command, said):
            return "FundsWithdrawnEvent", more, True
        self._require_open(account)
        if not any(e["account"] == account and e["asset"] == asset for e in self.entries):
            self._require_known_asset(asset)
        self._require_positive(amount)
        self._require_available(account, asset, amount)
        self._enter(
            account, "WITHDRAWAL", asset, amount, "available", "external", command["command_id"]
        )
        return "FundsWithdrawnEvent", more, False

    def _reserve(self, command: Command, said: Any) -> tuple[str, dict[str, Any], bool]:
        account, asset, amount = (command[k] for k in ("account_id", "asset", "amount_units"))
        more = {"symbol": command["symbol"], "asset": asset, "amount_units": amount}
        more["requested_ms"] = command["requested_ms"]
        self._require_known(account)
        hold = self.holds.get((account, command["command_id"]))
        if hold is not None:
            if (hold.symbol, hold.asset, hold.amount) != (command["symbol"], asset, amount):
                raise Refusal("COMMAND_ID_REUSED", is_new=False)
            return "FundsReservedEvent", more, True
        assert not self._was_done(command, said)
        self._require_open(account)
        self._require_amount(asset, amount)
        self._require_available(account, asset, amount)
        self.holds[account, command["command_id"]] = ReferenceHold(asset, command["symbol"], amount)
        self._enter(
            account,
            "RESERVE",
            asset,
            amount,
            "available",
            "held",
            command["command_id"],
            command["symbol"],
            hold=command["command_id"],
        )
        return "FundsReservedEvent", more, False

    def _fill(self, command: Command, said: Any) -> tuple[str, dict[str, Any], bool]:
        account, hold_id = command["account_id"], command["hold_id"]
        names = ("hold_id", "symbol", "execution_id", "order_id", "trade_id")
        more = {name: command[name] for name in names}
        hold = self.holds.get((account, hold_id))
        self._require_known(account)
        paid, received, commission, keep = (
            command[f"{name}_units"] for name in ("paid", "received", "commission", "keep")
        )
        if min(paid, received, commission, keep) < 0 or commission > received:
            raise Refusal("AMOUNT_NOT_POSITIVE")
        if command["execution_id"] < 1:
            raise Refusal("AMOUNT_NOT_POSITIVE")
        if hold is None or hold.symbol != command["symbol"]:
            raise Refusal("UNKNOWN_HOLD")
        left = self.left(account, hold_id)
        if command["execution_id"] <= max(hold.executions):
            return "FillSettledEvent", {**more, "left_units": left}, True
        if hold.closed_ms is not None or paid + keep > left:
            raise Refusal("HOLD_EXCEEDED")
        symbol, trade = hold.symbol, f"{hold.symbol}:{command['trade_id']}"
        place = f"clearing:{symbol}"
        other = command["received_asset"]
        totals = (
            self.total("available", other, account) + self.total("held", other, account) + received,
            received - self.total(place, other),
            self.total(place, hold.asset) + paid,
            self.total("fees", other) + commission,
        )
        if max(totals) >= 2**63:
            raise Refusal("AMOUNT_OVERFLOW")
        self._enter(account, "TRADE", hold.asset, paid, "held", place, trade, symbol, hold=hold_id)
        self._enter(account, "TRADE", other, received, place, "available", trade, symbol)
        self._enter(account, "FEE", other, commission, "available", "fees", trade, symbol)
        self._keep(account, hold_id, keep, command["execution_id"])
        return "FillSettledEvent", {**more, "left_units": keep}, False

    def _release(self, command: Command, said: Any) -> tuple[str, dict[str, Any], bool]:
        account, hold_id = command["account_id"], command["hold_id"]
        more = {"hold_id": hold_id, "symbol": command["symbol"]}
        hold = self.holds.get((account, hold_id))
        self._require_known(account)
        keep = command["keep_units"]
        if keep < 0 or command["execution_id"] < 0:
            raise Refusal("AMOUNT_NOT_POSITIVE")
        if hold is None or hold.symbol != command["symbol"]:
            raise Refusal("UNKNOWN_HOLD")
        left = self.left(account, hold_id)
        more |= {"asset": hold.asset, "amount_units": 0, "left_units": left}
        if hold.closed_ms is not None or 0 < command["execution_id"] <= max(hold.executions):
            return "FundsReleasedEvent", more, True
        if keep > left:
            raise Refusal("HOLD_EXCEEDED")
        self._keep(account, hold_id, keep, command["execution_id"])
        return "FundsReleasedEvent", more | {"amount_units": left - keep, "left_units": keep}, False

    # --- parts ------------------------------------------------------------------------------------

    def _require_known(self, account: str) -> None:
        if account not in self.status:
            raise Refusal("UNKNOWN_ACCOUNT")

    def _require_open(self, account: str) -> None:
        if self.status[account] != "OPEN":
            raise Refusal(f"ACCOUNT_{self.status[account]}")

    def _require_amount(self, asset: str, amount: int) -> None:
        self._require_known_asset(asset)
        self._require_positive(amount)

    def _require_known_asset(self, asset: str) -> None:
        if asset not in self.assets:
            raise Refusal("UNKNOWN_ASSET")

    def _require_positive(self, amount: int) -> None:
        if amount <= 0:
            raise Refusal("AMOUNT_NOT_POSITIVE")

    def _require_available(self, account: str, asset: str, amount: int) -> None:
        if amount > self.total("available", asset, account):
            raise Refusal("INSUFFICIENT_BALANCE")

    def _keep(self, account: str, hold_id: str, keep: int, execution_id: int) -> None:
        hold = self.holds[account, hold_id]
        released = self.left(account, hold_id) - keep
        self._enter(
            account,
            "RELEASE",
            hold.asset,
            released,
            "held",
            "available",
            hold_id,
            hold.symbol,
            hold=hold_id,
        )
        hold.executions.append(execution_id)
        if not keep and hold.closed_ms is None:
            hold.closed_ms = max(self.now, 1)

    def _enter(
        self,
        account: str,
        entry_type: str,
        asset: str,
        amount: int,
        debit: str,
        credit: str,
        reference: str,
        symbol: str = "",
        hold: str | None = None,
    ) -> None:
        if not amount:
            return
        self.entries.append(
            {
                "account": account,
                "hold": hold,
                "entry_id": 1 + sum(entry["account"] == account for entry in self.entries),
                "entry_type": entry_type,
                "asset": asset,
                "amount_units": amount,
                "debit_account": debit,
                "credit_account": credit,
                "reference_id": reference,
                "symbol": symbol,
            }
        )

    def _shown(self, entry: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in entry.items() if k not in ("account", "hold")}

    def _balances(
        self, event: str, command: Command, new: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        assets = list(dict.fromkeys(entry["asset"] for entry in new))
        if event in ("FundsDepositedEvent", "FundsWithdrawnEvent", "FundsReservedEvent"):
            assets = [command["asset"]]
        account = command["account_id"]
        return [
            {
                "asset": asset,
                "available_units": self.total("available", asset, account),
                "held_units": self.total("held", asset, account),
            }
            for asset in assets
        ]
