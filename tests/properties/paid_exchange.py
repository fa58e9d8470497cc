"""Markets and wallets put together without a pipeline: every order is paid for, or not placed."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from schemas.amounts import INTEGER_MAX
from schemas.instruments import Instrument
from schemas.records import ExecutionReport, OrderRow
from streams.domain.admission import refusal_in_any_market
from streams.domain.events import ReportEvent
from streams.domain.market import Market
from streams.domain.order_list import list_refusal
from streams.domain.reservation import reservation
from streams.domain.settlement import settlement
from streams.domain.wallet import Wallet

_HALVES: Mapping[str, tuple[str, ...]] = {
    "PlaceOrder": ("",),
    "CancelReplaceOrder": ("place",),
    "PlaceOrderList": ("first", "second"),
}
"""Where the orders are that a command places; "": it is one itself."""

EACH_UNITS = INTEGER_MAX // 64 // 1_000


class PaidExchange:
    """All accounts in one wallet; ``refused`` is what the wallet did not settle."""

    def __init__(self, instruments: Mapping[str, Instrument], accounts: list[str]) -> None:
        self.instruments = instruments
        self.markets = {symbol: Market(rules) for symbol, rules in instruments.items()}
        self.assets = {
            asset
            for rules in instruments.values()
            for asset in (rules.base_asset, rules.quote_asset)
        }
        self.wallet = Wallet(self.assets)
        self.refused: list[Any] = []
        self.commission: dict[str, int] = defaultdict(int)
        for account_id in accounts:
            about = {"account_id": account_id, "time_ms": 0}
            self.tell("WalletOpenAccountCommand", about | {"command_id": f"open {account_id}"})
            for asset in sorted(self.assets):
                money = {"asset": asset, "amount_units": EACH_UNITS}
                about_money = about | money | {"command_id": f"deposit {account_id} {asset}"}
                self.tell("WalletDepositCommand", about_money)

    def tell(self, name: str, command: dict[str, Any]) -> bool:
        """Whether the wallet did what it was told."""
        event = self.wallet.apply(name, command)
        assert event is not None
        return event[0] not in ("WalletCommandRefusedEvent", "FundsReservationFailedEvent")

    def apply(self, kind: str, command: dict[str, Any]) -> list[ExecutionReport]:
        """Reserve, match, settle; nothing where the order cannot be paid for."""
        symbol = command["symbol"]
        market, rules = self.markets[symbol], self.instruments[symbol]
        if kind in _HALVES:
            command = self._with_hold(kind, command)
            orders = [command[half] if half else command for half in _HALVES[kind]]
            if any(refusal_in_any_market(market.state, order) != "NONE" for order in orders):
                return []
            if len(orders) > 1 and list_refusal(*orders) != "NONE":
                return []
            asset, units = max(reservation(rules, order) for order in orders)
            about = {key: command[key] for key in ("command_id", "account_id", "symbol", "time_ms")}
            money = {"asset": asset, "amount_units": units, "requested_ms": 0}
            if not self.tell("WalletReserveFundsCommand", about | money):
                return []
        outcome = market.apply(kind, command)
        for report in outcome.reports:
            self.settle(rules, report)
        return outcome.as_records().reports

    def settle(self, rules: Instrument, report: ReportEvent) -> None:
        """Tell the wallet what a report means to it."""
        told = settlement(rules, report)
        if told is None:
            return
        if not self.tell(*told):
            self.refused.append(told)
        received = rules.base_asset if report.side == "BUY" else rules.quote_asset
        self.commission[received] += report.commission_units

    @staticmethod
    def _with_hold(kind: str, command: dict[str, Any]) -> dict[str, Any]:
        hold = {"hold_id": command["command_id"]}
        if kind == "PlaceOrder":
            return command | hold
        return command | {half: command[half] | hold for half in _HALVES[kind]}

    def open_orders(self) -> dict[str, list[OrderRow]]:
        """By their holds: one pays for both legs of a list."""
        orders: dict[str, list[OrderRow]] = defaultdict(list)
        for market in self.markets.values():
            for order in market.state.book.orders.values():
                orders[order.hold_id].append(order.to_row())
        return orders

    def left_in_holds(self) -> dict[str, int]:
        """What is left in each open hold."""
        return {
            hold.hold_id: hold.left_units
            for hold in self.wallet.state.holds.values()
            if hold.left_units
        }

    def own_units(self, account_id: str) -> dict[str, int]:
        """What one of the partition's own accounts has of each asset, where it is not 0."""
        account = self.wallet.state.ledger.accounts.get(account_id)
        balances = {} if account is None else account.balances
        return {
            asset: balance.available_units
            for asset, balance in balances.items()
            if balance.available_units
        }
