"""Orders as people write them, made into commands: decimals in, ticks, lots and units out."""

import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from schemas.amounts import AmountError, format_steps, format_units, parse_steps, parse_units
from schemas.budget import market_budget
from schemas.instruments import Instrument
from schemas.records import ExecutionReport
from tradeflow.errors import TradeflowError


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderText:
    """An order as it was typed; "" stands for what was not given."""

    account: str
    symbol: str
    side: str
    quantity: str
    price: str = ""
    stop_price: str = ""
    quote_quantity: str = ""
    iceberg: str = ""
    budget: str = ""
    order_type: str = ""
    time_in_force: str = "GTC"
    client_order_id: str = ""
    command_id: str = ""


def place_order(
    text: OrderText, instrument: Instrument, best_opposite_ticks: int
) -> dict[str, Any]:
    """The PlaceOrder of an order's text; ``best_opposite_ticks`` is 0 where nobody is there.

    Raises:
        TradeflowError: an amount that cannot be read, or does not fit the grid.
    """
    command_id = text.command_id or f"cli-{uuid4()}"
    tick, lot = instrument.tick_size, instrument.lot_size
    command: dict[str, Any] = {
        "command_id": command_id,
        "account_id": text.account,
        "symbol": instrument.symbol,
        "client_order_id": text.client_order_id or command_id[-36:],
        "side": text.side.upper(),
        "order_type": text.order_type.upper() or ("LIMIT" if text.price else "MARKET"),
        "time_in_force": text.time_in_force.upper(),
        "price_ticks": _steps("price", text.price, tick),
        "stop_price_ticks": _steps("stop price", text.stop_price, tick),
        "quantity_lots": _steps("quantity", text.quantity, lot),
        "quote_quantity_units": _units("quote quantity", text.quote_quantity),
        "iceberg_lots": _steps("iceberg", text.iceberg, lot),
        "self_trade_prevention": "EXPIRE_MAKER",
        "budget_units": _units("budget", text.budget),
        "reserved_price_ticks": 0,
        "hold_id": "",
        "maker_rate_ppm": 0,
        "taker_rate_ppm": 0,
        "time_ms": time.time_ns() // 1_000_000,
    }
    if not text.budget and command["order_type"] in ("MARKET", "STOP_LOSS", "TAKE_PROFIT"):
        price = command["stop_price_ticks"] or best_opposite_ticks
        if not price:
            raise TradeflowError(
                f"Nobody is there to trade {instrument.symbol} with now.",
                remedy="Give --price, and the order waits in the book.",
            )
        command["budget_units"] = market_budget(command, instrument, price)
    return command


def _steps(what: str, text: str, size: str) -> int:
    try:
        return parse_steps(text, size) if text else 0
    except AmountError as error:
        raise TradeflowError(f"The {what} {text} will not do: {error}.") from None


def _units(what: str, text: str) -> int:
    try:
        return parse_units(text) if text else 0
    except AmountError as error:
        raise TradeflowError(f"The {what} {text} will not do: {error}.") from None


def report_line(report: ExecutionReport, instrument: Instrument) -> str:
    """An execution report in a line for people."""
    lot, tick = instrument.lot_size, instrument.tick_size
    words: list[str] = [report["execution_type"]]
    if report["order_status"] not in ("NONE", report["execution_type"]):
        words.append(report["order_status"])
    if report["reject_reason"] != "NONE":
        words.append(f"({report['reject_reason'].lower().replace('_', ' ')})")
    if report["last_quantity_lots"]:
        quantity = format_steps(report["last_quantity_lots"], lot)
        words.append(f"{quantity} at {format_steps(report['last_price_ticks'], tick)}")
        words.append(f"commission {format_units(report['commission_units'])}")
    if report["order_id"]:
        filled = format_steps(report["cumulative_quantity_lots"], lot)
        words.append(f"order {report['order_id']}, {filled} filled")
    elif report["counter_order_id"]:
        words.append(f"see order {report['counter_order_id']}")
    return "  ".join(words)
