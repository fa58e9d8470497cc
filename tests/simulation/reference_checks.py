"""Why the reference exchange refuses an order: one function a reason, in the text's order.

Each function answers «is it refused?» and may rely on all earlier ones having said no.
"""

from collections.abc import Callable

from schemas.records import PlaceOrder
from tests.simulation.reference_matching import capacity, is_acceptable
from tests.simulation.reference_state import (
    LARGEST,
    LIMIT_KINDS,
    MARKET_KINDS,
    STOP_KINDS,
    SymbolState,
    is_waiting,
    opposite,
)

Check = Callable[[SymbolState, PlaceOrder], bool]


def reason_to_refuse(state: SymbolState, place: PlaceOrder) -> str:
    for reason, refuses in CHECKS:
        if refuses(state, place):
            return reason
    return "NONE"


def symbol_halted(state: SymbolState, place: PlaceOrder) -> bool:
    return state.row["status"] == "HALT"


def symbol_cancel_only(state: SymbolState, place: PlaceOrder) -> bool:
    return state.row["status"] == "CANCEL_ONLY"


def unsupported_combination(state: SymbolState, place: PlaceOrder) -> bool:
    kind, good_till_canceled = place["order_type"], place["time_in_force"] == "GTC"
    by_quote, iceberg = place["quote_quantity_units"] != 0, place["iceberg_lots"] != 0
    rates = (place["maker_rate_ppm"], place["taker_rate_ppm"])
    return any(
        [
            "NONE" in (place["side"], kind, place["time_in_force"]),
            place["client_order_id"] == "",
            kind in MARKET_KINDS and place["price_ticks"] != 0,
            kind not in STOP_KINDS and place["stop_price_ticks"] != 0,
            by_quote and kind != "MARKET",
            by_quote and place["quantity_lots"] != 0,
            (kind in MARKET_KINDS or kind == "LIMIT_MAKER") and not good_till_canceled,
            iceberg and (kind in MARKET_KINDS or not good_till_canceled),
            any(not 0 <= rate <= 1_000_000 for rate in rates),
            place["reserved_price_ticks"] < 0,
        ]
    )


def quantity_not_positive(state: SymbolState, place: PlaceOrder) -> bool:
    given = place["quote_quantity_units"] or place["quantity_lots"]
    return given <= 0 or place["iceberg_lots"] < 0


def price_not_positive(state: SymbolState, place: PlaceOrder) -> bool:
    return any(price <= 0 for price in prices_given(place))


def amount_overflow(state: SymbolState, place: PlaceOrder) -> bool:
    rules = state.instrument
    given = (place["price_ticks"], place["stop_price_ticks"], place["reserved_price_ticks"])
    price = max(*given, rules.max_price_ticks)
    return (
        state.quote_units(price, place["quantity_lots"]) > LARGEST
        or place["quantity_lots"] * rules.base_units_per_lot > LARGEST
    )


def price_filter(state: SymbolState, place: PlaceOrder) -> bool:
    rules = state.instrument
    return any(
        is_off_grid(price, rules.min_price_ticks, rules.max_price_ticks, rules.price_step_ticks)
        for price in prices_given(place)
    )


def lot_size(state: SymbolState, place: PlaceOrder) -> bool:
    if place["quote_quantity_units"]:
        return False
    quantities = [place["quantity_lots"]]
    if place["iceberg_lots"]:
        quantities.append(place["iceberg_lots"])
    return any(is_off_lot_grid(state, quantity) for quantity in quantities)


def market_lot_size(state: SymbolState, place: PlaceOrder) -> bool:
    rules = state.instrument
    if place["order_type"] not in MARKET_KINDS or place["quote_quantity_units"]:
        return False
    return is_off_grid(
        place["quantity_lots"],
        rules.market_min_quantity_lots,
        rules.market_max_quantity_lots,
        rules.market_quantity_step_lots,
    )


def iceberg_exceeds_quantity(state: SymbolState, place: PlaceOrder) -> bool:
    return place["iceberg_lots"] > place["quantity_lots"]


def iceberg_parts(state: SymbolState, place: PlaceOrder) -> bool:
    most = state.instrument.max_iceberg_parts
    if place["iceberg_lots"] == 0 or most == 0:
        return False
    whole, rest = divmod(place["quantity_lots"], place["iceberg_lots"])
    return whole + (1 if rest else 0) > most


def missing_budget(state: SymbolState, place: PlaceOrder) -> bool:
    needs_budget = (
        place["side"] == "BUY"
        and place["order_type"] in MARKET_KINDS
        and not place["quote_quantity_units"]
    )
    if place["hold_id"]:
        needs_budget |= place["side"] == "SELL" and place["quote_quantity_units"] != 0
        if place["side"] == "BUY" and place["reserved_price_ticks"] < place["price_ticks"]:
            return True
    return place["budget_units"] < 0 or (needs_budget and place["budget_units"] == 0)


def duplicate_client_order_id(state: SymbolState, place: PlaceOrder) -> bool:
    return state.client_order_id_is_used(place["account_id"], place["client_order_id"])


def notional(state: SymbolState, place: PlaceOrder) -> bool:
    rules = state.instrument
    low, high = rules.min_notional_units, rules.max_notional_units
    if place["order_type"] in LIMIT_KINDS:
        amount = state.quote_units(place["price_ticks"], place["quantity_lots"])
        return is_outside(amount, low, high)
    if place["quote_quantity_units"]:
        amount = place["quote_quantity_units"]
    elif state.reference_price() > 0:
        amount = state.quote_units(state.reference_price(), place["quantity_lots"])
    else:
        return False
    return is_outside(
        amount,
        low if rules.apply_min_notional_to_market else 0,
        high if rules.apply_max_notional_to_market else 0,
    )


def percent_price_by_side(state: SymbolState, place: PlaceOrder) -> bool:
    rules, reference = state.instrument, state.reference_price()
    if place["order_type"] not in LIMIT_KINDS or reference == 0:
        return False
    down, up = rules.ask_multiplier_down_ppm, rules.ask_multiplier_up_ppm
    if place["side"] == "BUY":
        down, up = rules.bid_multiplier_down_ppm, rules.bid_multiplier_up_ppm
    return is_outside(place["price_ticks"] * 1_000_000, reference * down, reference * up)


def max_num_orders(state: SymbolState, place: PlaceOrder) -> bool:
    never_rests = place["order_type"] == "MARKET" or (
        place["order_type"] == "LIMIT" and place["time_in_force"] in ("IOC", "FOK")
    )
    own = state.open_orders_of(place["account_id"])
    return not never_rests and is_full(len(own), state.instrument.max_num_orders)


def max_num_algo_orders(state: SymbolState, place: PlaceOrder) -> bool:
    own = [order for order in state.open_orders_of(place["account_id"]) if is_waiting(order)]
    is_stop = place["order_type"] in STOP_KINDS
    return is_stop and is_full(len(own), state.instrument.max_num_algo_orders)


def max_num_iceberg_orders(state: SymbolState, place: PlaceOrder) -> bool:
    own = [order for order in state.open_orders_of(place["account_id"]) if order["iceberg_lots"]]
    is_iceberg = place["iceberg_lots"] > 0
    return is_iceberg and is_full(len(own), state.instrument.max_num_iceberg_orders)


def would_trigger_immediately(state: SymbolState, place: PlaceOrder) -> bool:
    last = state.row["last_price_ticks"]
    if place["order_type"] not in STOP_KINDS or last == 0:
        return False
    if triggers_above(place):
        return last >= place["stop_price_ticks"]
    return last <= place["stop_price_ticks"]


def would_immediately_match(state: SymbolState, place: PlaceOrder) -> bool:
    makers = state.resting(opposite(place["side"]))
    return place["order_type"] == "LIMIT_MAKER" and any(
        is_acceptable(place, maker["price_ticks"]) for maker in makers
    )


def no_liquidity(state: SymbolState, place: PlaceOrder) -> bool:
    return place["order_type"] == "MARKET" and not state.resting(opposite(place["side"]))


def budget_exceeded(state: SymbolState, place: PlaceOrder) -> bool:
    if place["order_type"] != "MARKET":
        return False
    best = state.resting(opposite(place["side"]))[0]["price_ticks"]
    nothing_yet = {
        "cumulative_quantity_lots": 0,
        "cumulative_quote_units": 0,
        "prevented_quantity_lots": 0,
    }
    return capacity(state, {**place, **nothing_yet}, best, quote_prevented_units=0) == 0


CHECKS: tuple[tuple[str, Check], ...] = (
    ("SYMBOL_HALTED", symbol_halted),
    ("SYMBOL_CANCEL_ONLY", symbol_cancel_only),
    ("UNSUPPORTED_ORDER_COMBINATION", unsupported_combination),
    ("QUANTITY_NOT_POSITIVE", quantity_not_positive),
    ("PRICE_NOT_POSITIVE", price_not_positive),
    ("AMOUNT_OVERFLOW", amount_overflow),
    ("PRICE_FILTER", price_filter),
    ("LOT_SIZE", lot_size),
    ("MARKET_LOT_SIZE", market_lot_size),
    ("ICEBERG_EXCEEDS_QUANTITY", iceberg_exceeds_quantity),
    ("ICEBERG_PARTS", iceberg_parts),
    ("MISSING_BUDGET", missing_budget),
    ("DUPLICATE_CLIENT_ORDER_ID", duplicate_client_order_id),
    ("NOTIONAL", notional),
    ("PERCENT_PRICE_BY_SIDE", percent_price_by_side),
    ("MAX_NUM_ORDERS", max_num_orders),
    ("MAX_NUM_ALGO_ORDERS", max_num_algo_orders),
    ("MAX_NUM_ICEBERG_ORDERS", max_num_iceberg_orders),
    ("WOULD_TRIGGER_IMMEDIATELY", would_trigger_immediately),
    ("WOULD_IMMEDIATELY_MATCH", would_immediately_match),
    ("NO_LIQUIDITY", no_liquidity),
    ("BUDGET_EXCEEDED", budget_exceeded),
)


def prices_given(place: PlaceOrder) -> list[int]:
    """The price of a limit kind, the stop price of a stop kind, both of one that is both."""
    prices = []
    if place["order_type"] in LIMIT_KINDS:
        prices.append(place["price_ticks"])
    if place["order_type"] in STOP_KINDS:
        prices.append(place["stop_price_ticks"])
    return prices


def triggers_above(place: PlaceOrder) -> bool:
    """Whether a stop waits for a price at or above its own; false for what is not a stop."""
    rising = {"STOP_LOSS": "BUY", "TAKE_PROFIT": "SELL"}
    family = place["order_type"].removesuffix("_LIMIT")
    return rising.get(family) == place["side"]


def is_outside(value: int, low: int, high: int) -> bool:
    """Whether a value leaves a range of which each bound is off at 0."""
    return bool((low and value < low) or (high and value > high))


def is_off_grid(value: int, low: int, high: int, step: int) -> bool:
    return is_outside(value, low, high) or bool(step and value % step)


def is_off_lot_grid(state: SymbolState, quantity_lots: int) -> bool:
    rules = state.instrument
    return is_off_grid(
        quantity_lots,
        rules.min_quantity_lots,
        rules.max_quantity_lots,
        rules.quantity_step_lots,
    )


def is_full(count: int, most: int) -> bool:
    return most != 0 and count >= most
