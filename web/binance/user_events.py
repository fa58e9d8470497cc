"""Records of an account as the events of Binance's user data stream; pure.

https://github.com/binance/binance-spot-api-docs/blob/master/user-data-stream.md

Clients decode them strictly: an executionReport has every key of Binance's example, whatever the
order, and those that depend on something only where it is so.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.amounts import format_steps, format_units
from schemas.instruments import Instrument
from web.binance.order_fields import list_id_of
from web.binance.reply import TimeMs
from web.state.order_lists import OrderList

Payload = dict[str, Any]

_EXECUTION_TYPES: Mapping[str, str] = {
    "NEW": "NEW",
    # A stop that begins to work is told of once more, now as one that is on the book.
    "TRIGGERED": "NEW",
    "CANCELED": "CANCELED",
    "REPLACED": "REPLACED",
    "REJECTED": "REJECTED",
    "TRADE": "TRADE",
    "EXPIRED": "EXPIRED",
    "TRADE_PREVENTION": "TRADE_PREVENTION",
}
"""Of our execution types; the others are answers to whoever asked, and no event of an order."""
_REJECT_REASONS: Mapping[str, str] = {
    "INSUFFICIENT_BALANCE": "INSUFFICIENT_BALANCES",
    "WOULD_TRIGGER_IMMEDIATELY": "STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY",
    "WOULD_IMMEDIATELY_MATCH": "WOULD_MATCH_IMMEDIATELY",
}
_EXPIRY_REASONS: Mapping[str, str] = {"BUDGET_EXHAUSTED": "INSUFFICIENT_LIQUIDITY"}
_OPEN = ("NEW", "PARTIALLY_FILLED")


def execution_report(
    report: Mapping[str, Any], instrument: Instrument, *, prevented_before_lots: int = 0
) -> Payload | None:
    """The event of an ExecutionReport; None: it is no event of an order.

    ``prevented_before_lots`` is what self-trade prevention had taken off before this report.
    """
    kind = _EXECUTION_TYPES.get(report["execution_type"])
    if kind is None:
        return None
    tick, lot = instrument.tick_size, instrument.lot_size
    is_trade = kind == "TRADE"
    is_buy = report["side"] == "BUY"
    filled_lots = report["cumulative_quantity_lots"]
    event: Payload = {
        "e": "executionReport",
        "E": TimeMs(report["time_ms"]),
        "s": report["symbol"],
        "c": report["client_order_id"],
        "S": report["side"],
        "o": report["order_type"],
        # Market orders have none of ours; Binance says GTC.
        "f": "GTC" if report["time_in_force"] == "NONE" else report["time_in_force"],
        # Of an order by quote quantity it is what it has bought so far.
        "q": format_steps(report["quantity_lots"] or filled_lots, lot),
        "p": format_steps(report["price_ticks"], tick),
        "P": format_steps(report["stop_price_ticks"], tick),
        "F": format_steps(report["iceberg_lots"], lot),
        "g": list_id_of(report),
        "C": report["original_client_order_id"],
        "x": kind,
        "X": report["order_status"],
        "r": _REJECT_REASONS.get(report["reject_reason"], report["reject_reason"]),
        "i": report["order_id"],
        "l": format_steps(report["last_quantity_lots"], lot),
        "z": format_steps(filled_lots, lot),
        "L": format_steps(report["last_price_ticks"] if is_trade else 0, tick),
        "n": format_units(report["commission_units"]) if is_trade else "0",
        "N": (instrument.base_asset if is_buy else instrument.quote_asset) if is_trade else None,
        "T": TimeMs(report["time_ms"]),
        "t": report["trade_id"] if is_trade else -1,
        "I": report["execution_id"],
        "w": bool(report["is_working"]) and report["order_status"] in _OPEN,
        "m": report["role"] == "MAKER",
        "M": is_trade,
        "O": TimeMs(report["order_time_ms"] or report["time_ms"]),
        "Z": format_units(report["cumulative_quote_units"]),
        "Y": format_units(report["last_quote_units"]),
        "Q": format_units(report["quote_quantity_units"]),
    }
    if report["working_time_ms"]:
        event["W"] = TimeMs(report["working_time_ms"])
    event["V"] = report["self_trade_prevention"]
    if kind == "TRADE_PREVENTION":
        event |= _prevention(report, instrument, prevented_before_lots)
    if report["expiry_reason"] != "NONE":
        event["eR"] = _EXPIRY_REASONS.get(report["expiry_reason"], report["expiry_reason"])
    return event


def _prevention(
    report: Mapping[str, Any], instrument: Instrument, prevented_before_lots: int
) -> Payload:
    """What is told of a match that would have been with oneself."""
    tick, lot = instrument.tick_size, instrument.lot_size
    lots = max(0, report["prevented_quantity_lots"] - prevented_before_lots)
    quote_units = lots * report["last_price_ticks"] * instrument.quote_units_per_tick_lot
    return {
        # A prevented match has no number of its own here; the report's is as good.
        "v": report["execution_id"],
        "A": format_steps(report["prevented_quantity_lots"], lot),
        "B": format_steps(lots, lot),
        "u": report["execution_id"],
        "U": report["counter_order_id"],
        "Cs": report["symbol"],
        "pl": format_steps(lots, lot),
        "pL": format_steps(report["last_price_ticks"], tick),
        "pY": format_units(quote_units),
    }


def list_status(
    known: OrderList, client_order_ids: Sequence[str], *, is_done: bool, at_ms: int
) -> Payload:
    """The event of a list that was placed, or of which no order is open any more."""
    return {
        "e": "listStatus",
        "E": TimeMs(at_ms),
        "s": known.symbol,
        "g": known.list_id,
        "c": "OCO",
        "l": "ALL_DONE" if is_done else "EXEC_STARTED",
        "L": "ALL_DONE" if is_done else "EXECUTING",
        "r": "NONE",
        "C": known.client_id,
        "T": TimeMs(at_ms),
        "O": [
            {"s": known.symbol, "i": order_id, "c": client_order_id}
            for order_id, client_order_id in zip(known.order_ids, client_order_ids, strict=True)
        ],
    }


def account_events(name: str, event: Mapping[str, Any]) -> list[Payload]:
    """What a record of ``wallet.events`` is in the user data stream.

    A deposit or withdrawal first: clients add its delta to what they know, and the position that
    follows says what is so.
    """
    if event["is_repeat"]:
        return []
    events: list[Payload] = []
    if name == "FundsDepositedEvent":
        events.append(_balance_update(event, ""))
    elif name == "FundsWithdrawnEvent":
        events.append(_balance_update(event, "-"))
    if event["balances"]:
        events.append(
            {
                "e": "outboundAccountPosition",
                "E": TimeMs(event["time_ms"]),
                "u": TimeMs(event["time_ms"]),
                "B": [
                    {
                        "a": balance["asset"],
                        "f": format_units(balance["available_units"]),
                        "l": format_units(balance["held_units"]),
                    }
                    for balance in event["balances"]
                ],
            }
        )
    return events


def _balance_update(event: Mapping[str, Any], sign: str) -> Payload:
    return {
        "e": "balanceUpdate",
        "E": TimeMs(event["time_ms"]),
        "a": event["asset"],
        "d": sign + format_units(event["amount_units"]),
        "T": TimeMs(event["time_ms"]),
    }


def stream_terminated(at_ms: int) -> Payload:
    """The last event of a subscription of the WebSocket API."""
    return {"e": "eventStreamTerminated", "E": TimeMs(at_ms)}


def listen_key_expired(listen_key: str, at_ms: int) -> Payload:
    """The last event of a listen key's stream."""
    return {"e": "listenKeyExpired", "E": TimeMs(at_ms), "listenKey": listen_key}
