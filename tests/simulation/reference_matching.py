"""How the reference exchange matches one order, and the stops that its trades set off.

The best maker is looked up anew for every single fill, in a freshly sorted list of all orders.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.records import OrderRow, Trade
from tests.simulation.reference_list_end import touch
from tests.simulation.reference_state import (
    MARKET_KINDS,
    SymbolState,
    Turn,
    left_of,
    opposite,
    status_of_open,
)


@dataclass
class Taker:
    """An order on its walk; only an order by quote quantity can have quote prevented."""

    order: OrderRow
    quote_prevented_units: int = 0


def is_acceptable(order: Mapping[str, Any], price_ticks: int) -> bool:
    if order["order_type"] in MARKET_KINDS:
        return True
    if order["side"] == "BUY":
        return price_ticks <= order["price_ticks"]
    return price_ticks >= order["price_ticks"]


def acceptable_makers(state: SymbolState, order: OrderRow) -> list[OrderRow]:
    makers = state.resting(opposite(order["side"]))
    return [maker for maker in makers if is_acceptable(order, maker["price_ticks"])]


def remaining_quote(order: Mapping[str, Any], quote_prevented_units: int) -> int:
    wanted = order["quote_quantity_units"]
    if order["side"] == "BUY" and order["budget_units"] > 0:
        wanted = min(wanted, order["budget_units"])
    return wanted - order["cumulative_quote_units"] - quote_prevented_units


def capacity(
    state: SymbolState, order: Mapping[str, Any], price_ticks: int, *, quote_prevented_units: int
) -> int:
    """How many lots the order can still take at a price."""
    lot_cost, step = state.quote_units(price_ticks, 1), state.market_step_lots()
    if order["quote_quantity_units"]:
        lots = remaining_quote(order, quote_prevented_units) // lot_cost
        if order["side"] == "SELL" and order["budget_units"] > 0:
            base_units = state.instrument.base_units_per_lot
            sold = order["cumulative_quantity_lots"]
            lots = min(lots, order["budget_units"] // base_units - sold)
        return lots - lots % step
    leaves = left_of(order)  # type: ignore[arg-type]
    if order["side"] == "BUY" and order["order_type"] in MARKET_KINDS:
        lots = (order["budget_units"] - order["cumulative_quote_units"]) // lot_cost
        return min(leaves, lots - lots % step)
    return leaves


def has_nothing_left(state: SymbolState, taker: Taker, price_ticks: int) -> bool:
    if taker.order["quote_quantity_units"]:
        step_cost = state.quote_units(price_ticks, state.market_step_lots())
        return remaining_quote(taker.order, taker.quote_prevented_units) < step_cost
    return left_of(taker.order) == 0


# --- the walk ---------------------------------------------------------------------------------


def match(turn: Turn, order: OrderRow) -> None:
    """Take what can be taken; afterwards the order has ended or rests."""
    state, taker = turn.state, Taker(order)
    if order["time_in_force"] == "FOK" and takeable(state, order) < order["quantity_lots"]:
        expire(turn, order, "UNFILLED_FOK_ORDER_EXPIRED")
        return
    while True:
        makers = acceptable_makers(state, order)
        if not makers:
            finish(turn, order, "INSUFFICIENT_LIQUIDITY")
            return
        maker = makers[0]
        lots = capacity(
            state,
            order,
            maker["price_ticks"],
            quote_prevented_units=taker.quote_prevented_units,
        )
        if lots == 0:
            finish(turn, order, "BUDGET_EXHAUSTED")
            return
        is_own = maker["account_id"] == order["account_id"]
        if is_own and order["self_trade_prevention"] != "NONE":
            ended = prevent(turn, taker, maker)
        else:
            ended = fill(turn, taker, maker, min(lots, maker["visible_lots"]))
        if ended:
            turn.close(order)
            return


def takeable(state: SymbolState, order: OrderRow) -> int:
    """What a fill-or-kill order could take, hidden parts included."""
    makers, mode = acceptable_makers(state, order), order["self_trade_prevention"]
    total = 0
    for position, maker in enumerate(makers):
        is_own = maker["account_id"] == order["account_id"]
        if not is_own or mode == "NONE":
            total += left_of(maker)
        elif mode != "EXPIRE_MAKER":
            # The hidden parts of this level queue behind the own order: take them off again.
            for earlier in makers[:position]:
                if earlier["price_ticks"] == maker["price_ticks"]:
                    total -= left_of(earlier) - earlier["visible_lots"]
            return total
    return total


def finish(turn: Turn, order: OrderRow, market_expiry: str) -> None:
    """The walk is over and the order has something left."""
    if order["order_type"] in MARKET_KINDS:
        expire(turn, order, market_expiry)
    elif order["time_in_force"] == "IOC":
        expire(turn, order, "UNFILLED_IOC_QUANTITY_EXPIRED")
    else:
        assert order["time_in_force"] == "GTC", "a fill-or-kill order has no rest"
        show(turn, order)
        turn.state.orders.append(order)


def expire(turn: Turn, order: OrderRow, reason: str) -> None:
    turn.report(order, "EXPIRED", "EXPIRED", expiry_reason=reason)
    turn.close(order)


def show(turn: Turn, order: OrderRow) -> None:
    """Put the order, or the next part of an iceberg, at the end of its level."""
    turn.state.row["last_priority"] += 1
    order["priority"] = turn.state.row["last_priority"]
    order["visible_lots"] = left_of(order)
    if order["iceberg_lots"]:
        order["visible_lots"] = min(order["iceberg_lots"], left_of(order))


# --- one fill ---------------------------------------------------------------------------------


def fill(turn: Turn, taker: Taker, maker: OrderRow, lots: int) -> bool:
    """Trade with a maker at its price; whether the taker is filled."""
    state, order, price = turn.state, taker.order, maker["price_ticks"]
    touch(turn, maker)
    quote_units = state.quote_units(price, lots)
    for party in (maker, order):
        party["cumulative_quantity_lots"] += lots
        party["cumulative_quote_units"] += quote_units
    maker["visible_lots"] -= lots
    state.row["last_trade_id"] += 1
    state.row["last_price_ticks"] = price
    state.remember_price(price, lots)
    turn.trades.append(trade_of(turn, order, maker, lots))

    maker_is_filled = left_of(maker) == 0
    taker_is_filled = has_nothing_left(state, taker, price)
    report_fill(turn, maker, order, lots, price, role="MAKER", is_filled=maker_is_filled)
    report_fill(turn, order, maker, lots, price, role="TAKER", is_filled=taker_is_filled)
    if maker_is_filled:
        turn.close(maker)
    elif maker["visible_lots"] == 0:
        show(turn, maker)
    return taker_is_filled


def trade_of(turn: Turn, taker: OrderRow, maker: OrderRow, lots: int) -> Trade:
    buyer, seller = (maker, taker) if maker["side"] == "BUY" else (taker, maker)
    return Trade(
        trade_id=turn.state.row["last_trade_id"],
        symbol=turn.state.instrument.symbol,
        price_ticks=maker["price_ticks"],
        quantity_lots=lots,
        quote_units=turn.state.quote_units(maker["price_ticks"], lots),
        buyer_order_id=buyer["order_id"],
        seller_order_id=seller["order_id"],
        is_buyer_maker=buyer is maker,
        command_id=turn.command_id,
        time_ms=turn.now,
    )


def report_fill(
    turn: Turn,
    order: OrderRow,
    counter: OrderRow,
    lots: int,
    price_ticks: int,
    *,
    role: str,
    is_filled: bool,
) -> None:
    quote_units = turn.state.quote_units(price_ticks, lots)
    received = quote_units
    if order["side"] == "BUY":
        received = lots * turn.state.instrument.base_units_per_lot
    rate = order["maker_rate_ppm"] if role == "MAKER" else order["taker_rate_ppm"]
    turn.report(
        order,
        "TRADE",
        "FILLED" if is_filled else "PARTIALLY_FILLED",
        last_price_ticks=price_ticks,
        last_quantity_lots=lots,
        last_quote_units=quote_units,
        trade_id=turn.state.row["last_trade_id"],
        counter_order_id=counter["order_id"],
        role=role,
        commission_units=received * rate // 1_000_000,
        commission_rate_ppm=rate,
    )


# --- self-trade prevention --------------------------------------------------------------------


def prevent(turn: Turn, taker: Taker, maker: OrderRow) -> bool:
    """Keep an account from trading with itself; whether the taker has ended."""
    order, price = taker.order, maker["price_ticks"]
    mode = order["self_trade_prevention"]
    if mode != "EXPIRE_TAKER":
        touch(turn, maker)
    if mode == "DECREMENT":
        most = left_of(order)
        if order["quote_quantity_units"]:
            remaining = remaining_quote(order, taker.quote_prevented_units)
            most = remaining // turn.state.quote_units(price, 1)
            most -= most % turn.state.market_step_lots()
        return decrement(turn, taker, maker, min(left_of(maker), most))
    if mode in ("EXPIRE_MAKER", "EXPIRE_BOTH"):
        maker["prevented_quantity_lots"] += left_of(maker)
        report_prevention(turn, maker, order, price, has_ended=True)
        turn.close(maker)
    if mode in ("EXPIRE_TAKER", "EXPIRE_BOTH"):
        order["prevented_quantity_lots"] += left_of(order)
        report_prevention(turn, order, maker, price, has_ended=True)
        return True
    return False


def decrement(turn: Turn, taker: Taker, maker: OrderRow, lots: int) -> bool:
    state, order, price = turn.state, taker.order, maker["price_ticks"]
    maker["prevented_quantity_lots"] += lots
    order["prevented_quantity_lots"] += lots
    if order["quote_quantity_units"]:
        taker.quote_prevented_units += state.quote_units(price, lots)
    maker["visible_lots"] = min(maker["visible_lots"], left_of(maker))
    maker_has_ended = left_of(maker) == 0
    taker_has_ended = has_nothing_left(state, taker, price)
    report_prevention(turn, maker, order, price, has_ended=maker_has_ended)
    report_prevention(turn, order, maker, price, has_ended=taker_has_ended)
    if maker_has_ended:
        turn.close(maker)
    return taker_has_ended


def report_prevention(
    turn: Turn, order: OrderRow, counter: OrderRow, price_ticks: int, *, has_ended: bool
) -> None:
    turn.report(
        order,
        "TRADE_PREVENTION",
        "EXPIRED_IN_MATCH" if has_ended else status_of_open(order),
        last_price_ticks=price_ticks,
        counter_order_id=counter["order_id"],
    )


# --- stops ------------------------------------------------------------------------------------


def trigger_stops(turn: Turn) -> None:
    """Set off stops, oldest order first, until no price of this command meets another one."""
    while True:
        met = [stop for stop in turn.state.waiting_stops() if is_met(turn, stop)]
        if not met:
            return
        stop = met[0]
        touch(turn, stop)
        turn.state.orders = [order for order in turn.state.orders if order is not stop]
        stop["is_working"] = True
        stop["working_time_ms"] = turn.now
        turn.report(stop, "TRIGGERED", "NEW")
        match(turn, stop)


def is_met(turn: Turn, stop: OrderRow) -> bool:
    prices = [trade["price_ticks"] for trade in turn.trades]
    if stop["triggers_above"]:
        return any(price >= stop["stop_price_ticks"] for price in prices)
    return any(price <= stop["stop_price_ticks"] for price in prices)
