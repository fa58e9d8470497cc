"""What each record is about, as a kind of thing and its id."""

from collections.abc import Callable, Mapping
from typing import Any

Resource = dict[str, str]
"""``type`` and ``id``."""

_Record = Mapping[str, Any]


def _order(record: _Record) -> Resource:
    # Until it is accepted an order has but the name that its client gave it.
    name = (
        record.get("order_id")
        or record.get("original_client_order_id")
        or record.get("client_order_id")
        or record.get("place", {}).get("client_order_id", "")
    )
    return {"type": "order", "id": f"{record['symbol']}/{name}"}


def _list(record: _Record) -> Resource:
    return {"type": "order_list", "id": f"{record['symbol']}/{record['list_client_order_id']}"}


def _report(record: _Record) -> Resource:
    return _symbol(record) if record["execution_type"] == "STATUS_CHANGED" else _order(record)


def _symbol(record: _Record) -> Resource:
    return {"type": "symbol", "id": record["symbol"]}


def _trade(record: _Record) -> Resource:
    return {"type": "trade", "id": f"{record['symbol']}/{record['trade_id']}"}


def _account(record: _Record) -> Resource:
    return {"type": "account", "id": record.get("account_id", "")}


def _letter(record: _Record) -> Resource:
    place = f"{record['topic']}/{record['partition']}/{record['offset']}"
    return {"type": "record", "id": place}


def _saga(record: _Record) -> Resource:
    return {"type": "saga", "id": record["saga_id"]}


def _named(record: _Record) -> Resource:
    return {"type": record["resource_type"], "id": record["resource_id"]}


_BY_NAME: Mapping[str, Callable[[_Record], Resource]] = {
    "PlaceOrder": _order,
    "CancelOrder": _order,
    "CancelReplaceOrder": _order,
    "PlaceOrderList": _list,
    "AmendOrder": _order,
    "QueryOrder": _order,
    "ExecutionReport": _report,
    "SetSymbolStatus": _symbol,
    "Trade": _trade,
    "DeadLetter": _letter,
    "OrderSagaRow": _saga,
    "AuditEvent": _named,
}


def resource_of(name: str, record: _Record) -> Resource:
    """What a record is about; where nothing else is said, the account whose money it is."""
    return _BY_NAME.get(name, _account)(record)
