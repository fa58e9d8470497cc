"""What the log says of one account: its orders, its fills and its money, as Binance shows them."""

from typing import Any

from schemas.amounts import format_steps, format_units
from schemas.codec import decode
from schemas.topics import ORDERS_EXECUTIONS, WALLET_EVENTS
from tests.chaos.exchange import read_all
from tests.web.running_exchange import RunningExchange

Row = dict[str, Any]
_NO_CHANGE = ("CANCEL_REJECTED", "AMEND_REJECTED", "ORDER_STATUS", "REJECTED", "STATUS_CHANGED")


class AccountLog:
    """One account's records, as they are now."""

    def __init__(self, exchange: RunningExchange, account_id: str) -> None:
        self._instruments = exchange.instruments
        self.orders: dict[tuple[str, int], Row] = {}
        """By symbol and order id."""
        self.fills: dict[tuple[str, int], Row] = {}
        """By symbol and trade id."""
        self.balances: dict[str, tuple[str, str]] = {}
        """Free and locked by asset."""
        for record in _records(exchange, ORDERS_EXECUTIONS.name, account_id):
            if record["execution_type"] not in _NO_CHANGE:
                self._add_report(record)
        for record in _records(exchange, WALLET_EVENTS.name, account_id):
            for each in record.get("balances", ()):
                amounts = each["available_units"], each["held_units"]
                free, locked = map(format_units, amounts)
                self.balances[each["asset"]] = free, locked

    def _add_report(self, report: Row) -> None:
        symbol, order_id = report["symbol"], report["order_id"]
        rules = self._instruments[symbol]
        # Of a cancel it is the cancel's own; an amended order goes on under the amendment's.
        name = report["client_order_id"]
        if report["execution_type"] == "CANCELED":
            name = report["original_client_order_id"] or name
        self.orders[symbol, order_id] = {
            "clientOrderId": name,
            "side": report["side"],
            "type": report["order_type"],
            "status": report["order_status"],
            "executedQty": format_steps(report["cumulative_quantity_lots"], rules.lot_size),
            "cummulativeQuoteQty": format_units(report["cumulative_quote_units"]),
        }
        if report["execution_type"] == "TRADE":
            is_buy = report["side"] == "BUY"
            self.fills[symbol, report["trade_id"]] = {
                "orderId": order_id,
                "price": format_steps(report["last_price_ticks"], rules.tick_size),
                "qty": format_steps(report["last_quantity_lots"], rules.lot_size),
                "commission": format_units(report["commission_units"]),
                "commissionAsset": rules.base_asset if is_buy else rules.quote_asset,
                "isBuyer": is_buy,
                "isMaker": report["role"] == "MAKER",
            }


def _records(exchange: RunningExchange, topic: str, account_id: str) -> list[Row]:
    decoded = (decode(each.value())[1] for each in read_all(exchange.broker.bootstrap, topic))
    return [record for record in decoded if record.get("account_id") == account_id]
