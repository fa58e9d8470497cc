"""What MySQL must hold, computed record by record from the log; slow and obvious on purpose.

It shares no line with the sink: amounts are ``Decimal``, times ``datetime``, tables dictionaries.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from connectors.event import TOMBSTONE, Event
from schemas.codec import decode
from schemas.instruments import Instrument

_EPOCH = datetime(1970, 1, 1)
_WALLETS = UUID("6f5a1c9e-5d1b-4c0e-9d0a-4f2a1d6b7c33")
_UNCHANGED = {"REJECTED", "CANCEL_REJECTED", "AMEND_REJECTED", "STATUS_CHANGED", "ORDER_STATUS"}


def _money(units: int) -> Decimal:
    return Decimal(units) / 10**8


def _time(ms: int) -> datetime | None:
    return _EPOCH + timedelta(milliseconds=ms) if ms else None


class Reference:
    """Tables by name: rows as dictionaries, by key."""

    def __init__(self, instruments: dict[str, Instrument]) -> None:
        self._instruments = instruments
        self.tables: dict[str, dict[Any, dict[str, Any]]] = {
            "orders": {},
            "executions": {},
            "trades": {},
            "candles": {},
            "wallet": {},
            "wallet_transaction": {},
            "wallet_balance": {},
            "saga_instance": {},
        }

    def take(self, events: Iterable[Event]) -> "Reference":
        """Apply events, each partition in order."""
        for event in events:
            record = event.record
            if event.name == "ExecutionReport":
                self._report(event)
            elif event.name == "Trade":
                self._trade(record)
            elif event.name == "Candle":
                self._candle(record)
            elif event.name == TOMBSTONE and event.place.topic == "candles":
                symbol, interval, opening = (event.key or b"").decode().split()
                self.tables["candles"].pop((symbol, interval, _time(int(opening))), None)
            elif event.name == "OrderSagaRow":
                self._saga(event)
            elif "entries" in record:
                self._wallet(record)
        return self

    def content(self, columns: dict[str, tuple[str, ...]]) -> dict[str, list[tuple[Any, ...]]]:
        """Rows as MySQL gives them, with these columns, in any order."""
        return {
            name: [tuple(row[column] for column in columns[name]) for row in rows.values()]
            for name, rows in self.tables.items()
        }

    # ----------------------------------------------------------------------------------------------

    def _price(self, symbol: str, ticks: int) -> Decimal | None:
        rules = self._instruments.get(symbol)
        return ticks * Decimal(rules.tick_size) if rules else None

    def _quantity(self, symbol: str, lots: int) -> Decimal | None:
        rules = self._instruments.get(symbol)
        return lots * Decimal(rules.lot_size) if rules else None

    def _report(self, event: Event) -> None:
        report = event.record
        symbol = report["symbol"]

        def lots(name: str) -> Decimal | None:
            return self._quantity(symbol, report[f"{name}_lots"])

        def ticks(name: str) -> Decimal | None:
            return self._price(symbol, report[f"{name}_ticks"])

        key = event.place.partition, event.offset
        self.tables["executions"][key] = dict(report) | {
            "log_partition": event.place.partition,
            "log_offset": event.offset,
            "price": ticks("price"),
            "quantity": lots("quantity"),
            "last_price": ticks("last_price"),
            "last_quantity": lots("last_quantity"),
            "last_quote": _money(report["last_quote_units"]),
            "cumulative_quantity": lots("cumulative_quantity"),
            "cumulative_quote": _money(report["cumulative_quote_units"]),
            "leaves_quantity": lots("leaves_quantity"),
            "commission": _money(report["commission_units"]),
            "commission_rate": Decimal(report["commission_rate_ppm"]) / 10**6,
            "executed_at": _time(report["time_ms"]),
        }
        if report["execution_type"] in _UNCHANGED or not report["order_id"]:
            return
        is_cancel = report["execution_type"] == "CANCELED"
        named = report["original_client_order_id"] if is_cancel else ""
        self.tables["orders"][symbol, report["order_id"]] = dict(report) | {
            "client_order_id": named or report["client_order_id"],
            "status": report["order_status"],
            "price": ticks("price"),
            "stop_price": ticks("stop_price"),
            "quantity": lots("quantity"),
            "quote_quantity": _money(report["quote_quantity_units"]),
            "iceberg_quantity": lots("iceberg"),
            "executed_quantity": lots("cumulative_quantity"),
            "executed_quote": _money(report["cumulative_quote_units"]),
            "leaves_quantity": lots("leaves_quantity"),
            "prevented_quantity": lots("prevented_quantity"),
            "budget": _money(report["budget_units"]),
            "is_working": int(report["is_working"]),
            "last_execution_id": report["execution_id"],
            "created_at": _time(report["order_time_ms"]),
            "working_at": _time(report["working_time_ms"]),
            "updated_at": _time(report["time_ms"]),
        }

    def _trade(self, trade: Any) -> None:
        self.tables["trades"][trade["symbol"], trade["trade_id"]] = dict(trade) | {
            "price": self._price(trade["symbol"], trade["price_ticks"]),
            "quantity": self._quantity(trade["symbol"], trade["quantity_lots"]),
            "quote_quantity": _money(trade["quote_units"]),
            "is_buyer_maker": int(trade["is_buyer_maker"]),
            "traded_at": _time(trade["time_ms"]),
        }

    def _candle(self, candle: Any) -> None:
        symbol, opening = candle["symbol"], _time(candle["open_time_ms"])
        prices = {
            name: self._price(symbol, candle[f"{name}_ticks"])
            for name in ("open", "high", "low", "close")
        }
        self.tables["candles"][symbol, candle["interval"], opening] = (
            dict(candle)
            | prices
            | {
                "open_at": opening,
                "close_at": _time(candle["close_time_ms"]),
                "volume": self._quantity(symbol, candle["volume_lots"]),
                "quote_volume": _money(candle["quote_volume_units"]),
                "taker_buy_volume": self._quantity(symbol, candle["taker_buy_lots"]),
                "taker_buy_quote_volume": _money(candle["taker_buy_quote_units"]),
                "is_closed": int(candle["is_closed"]),
            }
        )

    def _wallet(self, event: Any) -> None:
        account, time = event["account_id"], _time(event["time_ms"])
        for balance in event["balances"]:
            self._balance(account, balance["asset"], time)
        for entry in event["entries"]:
            for side, sign in (("DEBIT", -1), ("CREDIT", 1)):
                name = entry[f"{side.lower()}_account"]
                is_users = name in ("available", "held")
                owner = account if is_users else f"@{name}"
                row = self._balance(owner, entry["asset"], time)
                part = name if is_users else "available"
                moved = sign * _money(entry["amount_units"])
                row[part] += moved
                self.tables["wallet_transaction"][account, entry["entry_id"], side] = {
                    "entry_account_id": account,
                    "entry_id": entry["entry_id"],
                    "side": side,
                    "wallet_id": row["wallet_id"],
                    "account_id": owner,
                    "currency": entry["asset"],
                    "part": part,
                    "amount": moved,
                    "reference_type": entry["entry_type"],
                    "reference_id": entry["reference_id"],
                    "symbol": entry["symbol"],
                    "command_id": event["command_id"],
                    "created_at": time,
                }
        for balance in event["balances"]:
            row = self._balance(account, balance["asset"], time)
            assert row["available"] == _money(balance["available_units"])
            assert row["held"] == _money(balance["held_units"])

    def _balance(self, owner: str, asset: str, time: datetime | None) -> dict[str, Any]:
        wallet = str(uuid5(_WALLETS, f"{owner} {asset}"))
        about = {"wallet_id": wallet, "account_id": owner, "user_id": owner, "currency": asset}
        is_own = owner.startswith("@")
        self.tables["wallet"].setdefault(wallet, {**about, "created_at": None if is_own else time})
        nothing = {"available": Decimal(0), "held": Decimal(0), "updated_at": time}
        row = self.tables["wallet_balance"].setdefault(wallet, {**about, **nothing})
        row["updated_at"] = max(row["updated_at"], time)
        return row

    def _saga(self, event: Event) -> None:
        saga = event.record

        def content(data: bytes) -> Any:
            return dict(zip(("name", "record"), decode(data), strict=True)) if data else None

        def flat(data: bytes) -> Any:
            found = content(data)
            return {"name": found["name"], **found["record"]} if found else None

        self.tables["saga_instance"][saga["account_id"], saga["saga_id"]] = dict(saga) | {
            "current_state": saga["state"],
            "step_history": json.loads(json.dumps(saga["steps"])),
            "payload": {
                "command": flat(saga["payload"]),
                "report": flat(saga["report"]),
                "waiting": [flat(each) for each in saga["waiting"]],
            },
            "requested_at": _time(saga["requested_ms"]),
            "submitted_at": _time(saga["submitted_ms"]),
            "closed_at": _time(saga["closed_ms"]),
            "updated_at": datetime.fromtimestamp(event.timestamp_ms / 1_000, UTC).replace(
                tzinfo=None
            ),
        }
