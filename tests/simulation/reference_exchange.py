"""The slow, obvious twin of the matching engine.

It follows the text of ``streams/domain/MATCHING.md`` word by word with plain lists and sorts, and
computes every answer from scratch.  It shares no code with the engine, so a mistake would have to
be made twice, independently, to go unseen.
"""

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from schemas.instruments import Instrument
from schemas.records import (
    ClosedOrderRow,
    DepthUpdate,
    ExecutionReport,
    OrderRow,
    PlaceOrder,
    PriceLevel,
    SymbolRow,
    Trade,
)
from tests.simulation.reference_checks import (
    is_off_lot_grid,
    is_outside,
    reason_to_refuse,
    triggers_above,
)
from tests.simulation.reference_list_end import cancel_other
from tests.simulation.reference_lists import legs_of, reasons_to_refuse
from tests.simulation.reference_matching import match, trigger_stops
from tests.simulation.reference_state import (
    LIMIT_KINDS,
    STOP_KINDS,
    TERMS,
    SymbolState,
    Turn,
    empty_report,
    empty_symbol_row,
    left_of,
    refusal_fields,
    rejection_fields,
    status_of_open,
)

Command = Mapping[str, Any]
Outcome = tuple[list[ExecutionReport], list[Trade], DepthUpdate | None]


class ReferenceExchange:
    """All symbols of an exchange; each is a world of its own, with its own time."""

    def __init__(
        self, instruments: Mapping[str, Instrument], *, closed_limit: int = 100_000
    ) -> None:
        self._states = {
            symbol: SymbolState(instrument, closed_limit, empty_symbol_row(instrument))
            for symbol, instrument in instruments.items()
        }

    def apply(self, kind: str, command: Command) -> Outcome:
        """Do one command; a Tick is for every symbol and yields nothing."""
        if kind == "Tick":
            self.tick(command["time_ms"], self._states)
            return [], [], None
        if command["symbol"] not in self._states:
            return unknown_symbol(kind, command), [], None
        state = self._states[command["symbol"]]
        before = {side: state.visible_levels(side) for side in ("BUY", "SELL")}
        turn = Turn(state, command["command_id"], state.move_time(command["time_ms"]))
        ACTIONS[kind](turn, command)
        return turn.reports, turn.trades, depth_update(turn, before)

    def tick(self, time_ms: int, symbols: Iterable[str]) -> None:
        """Let time pass for some symbols."""
        for symbol in symbols:
            self._states[symbol].move_time(time_ms)

    def symbol_row(self, symbol: str) -> SymbolRow:
        return copy.deepcopy(self._states[symbol].row)

    def order_rows(self, symbol: str) -> list[OrderRow]:
        orders = sorted(self._states[symbol].orders, key=lambda order: order["order_id"])
        return [order.copy() for order in orders]

    def closed_rows(self, symbol: str) -> list[ClosedOrderRow]:
        return [row.copy() for row in self._states[symbol].closed]

    def visible_levels(self, symbol: str, side: str) -> dict[int, int]:
        return self._states[symbol].visible_levels(side)

    def state_hash(self, symbol: str) -> str:
        """The product's own hash: there must be one definition of «the same state»."""
        from streams.domain.state_hash import state_hash

        return state_hash(
            self.symbol_row(symbol), self.order_rows(symbol), self.closed_rows(symbol)
        )


# --- placing ----------------------------------------------------------------------------------


def place_order(turn: Turn, place: PlaceOrder) -> None:
    reason = reason_to_refuse(turn.state, place)
    if reason != "NONE":
        turn.report_bare(**rejection_fields(place, reason))
        return
    order = accepted_order(turn, place)
    turn.report(order, "NEW", "NEW")
    if order["is_working"]:
        match(turn, order)
        trigger_stops(turn)
    else:
        turn.state.orders.append(order)


def accepted_order(turn: Turn, place: PlaceOrder) -> OrderRow:
    turn.state.row["last_order_id"] += 1
    is_working = place["order_type"] not in STOP_KINDS
    return OrderRow(
        symbol=turn.state.instrument.symbol,
        order_id=turn.state.row["last_order_id"],
        account_id=place["account_id"],
        client_order_id=place["client_order_id"],
        command_id=turn.command_id,
        **{name: place[name] for name in TERMS},  # type: ignore[literal-required, typeddict-item]
        visible_lots=0,
        maker_rate_ppm=place["maker_rate_ppm"],
        taker_rate_ppm=place["taker_rate_ppm"],
        cumulative_quantity_lots=0,
        cumulative_quote_units=0,
        prevented_quantity_lots=0,
        priority=0,
        triggers_above=triggers_above(place),
        is_working=is_working,
        order_time_ms=turn.now,
        working_time_ms=turn.now if is_working else 0,
        order_list_id=0,
    )


def place_order_list(turn: Turn, command: Command) -> None:
    legs = legs_of(command)
    reasons = reasons_to_refuse(turn, legs)
    if reasons != ["NONE", "NONE"]:
        for leg, reason in zip(legs, reasons, strict=True):
            turn.report_bare(**rejection_fields(leg, reason))
        return
    orders = [accepted_order(turn, leg) for leg in legs]
    for order in orders:
        order["order_list_id"] = orders[0]["order_id"]
        turn.report(order, "NEW", "NEW")
    for order in orders:
        if order["is_working"]:
            match(turn, order)
        else:
            turn.state.orders.append(order)


# --- cancelling -------------------------------------------------------------------------------


def cancel_order(turn: Turn, cancel: Command) -> bool:
    """Whether the order was cancelled."""
    order = turn.state.find(
        cancel["account_id"], cancel["order_id"], cancel["original_client_order_id"]
    )
    if order is not None and cancel["hold_id"] and cancel["hold_id"] != order["hold_id"]:
        order = None
    if turn.state.row["status"] == "HALT":
        turn.report_bare(**refusal_fields(cancel, "CANCEL_REJECTED", "SYMBOL_HALTED"))
        return False
    if order is None:
        turn.report_bare(**refusal_fields(cancel, "CANCEL_REJECTED", "UNKNOWN_ORDER"))
        return False
    executed, restriction = order["cumulative_quantity_lots"] > 0, cancel["restriction"]
    if (restriction == "ONLY_NEW" and executed) or (
        restriction == "ONLY_PARTIALLY_FILLED" and not executed
    ):
        refuse_for(turn, order, "CANCEL_REJECTED", "CANCEL_RESTRICTED")
        return False
    cancel_other(turn, order, cancel["client_order_id"])
    turn.report(
        order,
        "CANCELED",
        "CANCELED",
        client_order_id=cancel["client_order_id"] or order["client_order_id"],
        original_client_order_id=order["client_order_id"],
    )
    turn.close(order)
    return True


def cancel_replace_order(turn: Turn, command: Command) -> None:
    outer = {name: command[name] for name in ("command_id", "account_id", "symbol", "time_ms")}
    place: PlaceOrder = {**command["place"], **outer}
    was_cancelled = cancel_order(turn, {**command["cancel"], **outer})
    if was_cancelled or command["mode"] == "ALLOW_FAILURE":
        place_order(turn, place)
    else:
        turn.report_bare(**rejection_fields(place, "CANCEL_REPLACE_STOPPED"))


def refuse_for(turn: Turn, order: OrderRow, execution_type: str, reason: str) -> None:
    """Refuse a cancel or amend of an order that exists and stays as it is."""
    turn.report(order, execution_type, status_of_open(order), reject_reason=reason)


# --- amending ---------------------------------------------------------------------------------


def amend_order(turn: Turn, amend: Command) -> None:
    state = turn.state
    order = state.find(amend["account_id"], amend["order_id"], amend["original_client_order_id"])
    reason = reason_without_order(state, amend, order)
    if reason != "NONE":
        turn.report_bare(**refusal_fields(amend, "AMEND_REJECTED", reason))
        return
    assert order is not None
    reason = reason_to_keep(state, amend, order)
    if reason != "NONE":
        refuse_for(turn, order, "AMEND_REJECTED", reason)
        return
    old_id = order["client_order_id"]
    order["quantity_lots"] = amend["quantity_lots"]
    order["visible_lots"] = min(order["visible_lots"], left_of(order))
    if amend["client_order_id"] not in ("", old_id):
        state.remember_closed(order)
        order["client_order_id"] = amend["client_order_id"]
    turn.report(order, "REPLACED", status_of_open(order), original_client_order_id=old_id)


def reason_without_order(state: SymbolState, amend: Command, order: OrderRow | None) -> str:
    if state.row["status"] == "HALT":
        return "SYMBOL_HALTED"
    if state.row["status"] == "CANCEL_ONLY":
        return "SYMBOL_CANCEL_ONLY"
    if amend["quantity_lots"] <= 0:
        return "QUANTITY_NOT_POSITIVE"
    return "UNKNOWN_ORDER" if order is None else "NONE"


def reason_to_keep(state: SymbolState, amend: Command, order: OrderRow) -> str:
    rules, quantity, new_id = state.instrument, amend["quantity_lots"], amend["client_order_id"]
    if any(
        other is not order and other["order_list_id"] == order["order_list_id"] != 0
        for other in state.orders
    ):
        return "UNSUPPORTED_ORDER_COMBINATION"
    if is_off_lot_grid(state, quantity):
        return "LOT_SIZE"
    if quantity >= order["quantity_lots"]:
        return "AMEND_NOT_A_REDUCTION"
    if quantity <= order["cumulative_quantity_lots"] + order["prevented_quantity_lots"]:
        return "AMEND_BELOW_EXECUTED"
    is_new_id = new_id not in ("", order["client_order_id"])
    if is_new_id and state.client_order_id_is_used(order["account_id"], new_id):
        return "DUPLICATE_CLIENT_ORDER_ID"
    amount = state.quote_units(order["price_ticks"], quantity)
    if order["order_type"] in LIMIT_KINDS and is_outside(
        amount, rules.min_notional_units, rules.max_notional_units
    ):
        return "NOTIONAL"
    return "NONE"


# --- the rest ---------------------------------------------------------------------------------


def set_symbol_status(turn: Turn, command: Command) -> None:
    turn.state.row["status"] = command["status"]
    turn.report_bare(account_id=command["account_id"], execution_type="STATUS_CHANGED")


ACTIONS: Mapping[str, Callable[[Turn, Any], object]] = {
    "PlaceOrder": place_order,
    "CancelOrder": cancel_order,
    "CancelReplaceOrder": cancel_replace_order,
    "PlaceOrderList": place_order_list,
    "AmendOrder": amend_order,
    "SetSymbolStatus": set_symbol_status,
}


def unknown_symbol(kind: str, command: Command) -> list[ExecutionReport]:
    """Answers for a symbol that is not traded here: execution id 0, and no state anywhere."""
    outer = {name: command[name] for name in ("command_id", "account_id", "symbol", "time_ms")}
    reason = "UNKNOWN_SYMBOL"
    if kind == "PlaceOrder":
        answers = [rejection_fields(command, reason)]  # type: ignore[arg-type]
    elif kind == "CancelOrder":
        answers = [refusal_fields(command, "CANCEL_REJECTED", reason)]
    elif kind == "AmendOrder":
        answers = [refusal_fields(command, "AMEND_REJECTED", reason)]
    elif kind == "CancelReplaceOrder":
        cancel = {**command["cancel"], **outer}
        answers = [
            refusal_fields(cancel, "CANCEL_REJECTED", reason),
            rejection_fields(command["place"], reason),
        ]
    elif kind == "PlaceOrderList":
        answers = [rejection_fields(leg, reason) for leg in legs_of(command)]
    else:
        assert kind == "SetSymbolStatus", kind
        answers = [
            {"execution_type": "REJECTED", "order_status": "REJECTED", "reject_reason": reason}
        ]
    return [empty_report(**{**fields, **outer}) for fields in answers]


def depth_update(turn: Turn, before: Mapping[str, dict[int, int]]) -> DepthUpdate | None:
    """Compare two full pictures of the book."""
    changes: dict[str, list[PriceLevel]] = {}
    for side in ("BUY", "SELL"):
        old, new = before[side], turn.state.visible_levels(side)
        prices = sorted({*old, *new}, reverse=side == "BUY")
        changes[side] = [
            PriceLevel(price_ticks=price, quantity_lots=new.get(price, 0))
            for price in prices
            if old.get(price, 0) != new.get(price, 0)
        ]
    count = len(changes["BUY"]) + len(changes["SELL"])
    if count == 0:
        return None
    first_update_id = turn.state.row["last_update_id"] + 1
    turn.state.row["last_update_id"] += count
    return DepthUpdate(
        symbol=turn.state.instrument.symbol,
        first_update_id=first_update_id,
        last_update_id=turn.state.row["last_update_id"],
        bids=changes["BUY"],
        asks=changes["SELL"],
        command_id=turn.command_id,
        time_ms=turn.now,
    )
