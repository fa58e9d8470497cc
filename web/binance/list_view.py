"""Order lists as clients are shown them."""

from collections.abc import Sequence
from typing import Any

from web.binance.reply import TimeMs
from web.state.order_lists import OrderList
from web.state.orders import OPEN, AccountOrders, Report


def list_view(
    symbol: str,
    list_id: int,
    client_id: str,
    reports: Sequence[Report],
    *,
    time_ms: int,
) -> dict[str, Any]:
    """A list of which each order's last report is known."""
    is_open = any(report["order_status"] in OPEN for report in reports)
    return {
        "orderListId": list_id,
        "contingencyType": "OCO",
        "listStatusType": "EXEC_STARTED" if is_open else "ALL_DONE",
        "listOrderStatus": "EXECUTING" if is_open else "ALL_DONE",
        "listClientOrderId": client_id,
        "transactionTime": TimeMs(time_ms),
        "symbol": symbol,
        "orders": [
            {
                "symbol": symbol,
                "orderId": report["order_id"],
                "clientOrderId": report["client_order_id"],
            }
            for report in reports
        ],
    }


def known_list_view(known: OrderList, orders: AccountOrders) -> dict[str, Any]:
    """A list that was placed before."""
    reports = reports_of(known, orders)
    time_ms = accepted_ms(known, orders)
    return list_view(known.symbol, known.list_id, known.client_id, reports, time_ms=time_ms)


def accepted_ms(known: OrderList, orders: AccountOrders) -> int:
    """When a list was accepted, as whoever placed it was told."""
    reports = reports_of(known, orders)
    return int(reports[0]["order_time_ms"]) if reports else known.placed_ms


def reports_of(known: OrderList, orders: AccountOrders) -> list[Report]:
    """The last report of each of a list's orders, as far as it is remembered."""
    found = (orders.find(known.symbol, order_id) for order_id in known.order_ids)
    return [report for report in found if report is not None]
