"""May this order come in?  The checks of ``MATCHING.md``, one function each, in their order.

A check answers True where the order must be refused.  The order of the table is the precedence:
the first that fails gives the reason.
"""

from collections.abc import Callable
from typing import Final

from schemas.enums import RejectReason
from schemas.instruments import Instrument
from schemas.records import PlaceOrder
from streams.domain.capacity import capacity_by_money, is_bound_by_money
from streams.domain.order import Order
from streams.domain.order_kinds import LIMIT_KINDS, MARKET_KINDS, STOP_KINDS, triggers_above
from streams.domain.quick_admission import LARGEST_AMOUNT, PPM
from streams.domain.symbol_state import SymbolState

Check = Callable[[SymbolState, PlaceOrder], bool]


def first_refusal(state: SymbolState, command: PlaceOrder) -> RejectReason:
    """The reason of the first check that fails; NONE where all pass."""
    for reason, is_refused in PLACEMENT_CHECKS:
        if is_refused(state, command):
            return reason
    return "NONE"


def refusal_in_any_market(state: SymbolState, command: PlaceOrder) -> RejectReason:
    """As ``first_refusal``, of the checks that need nothing of a market but its instrument."""
    for reason, is_refused in ORDER_CHECKS:
        if is_refused(state, command):
            return reason
    return "NONE"


def is_outside(value: int, *, low: int, high: int, step: int) -> bool:
    """Whether a value is below, above or between the steps of a filter; 0 turns a bound off."""
    return value < low or (high != 0 and value > high) or (step != 0 and value % step != 0)


def is_notional_outside(instrument: Instrument, amount_units: int) -> bool:
    """Whether an amount of the quote asset is outside the notional filter."""
    return is_outside(
        amount_units, low=instrument.min_notional_units, high=instrument.max_notional_units, step=0
    )


def is_lot_size_wrong(instrument: Instrument, quantity_lots: int) -> bool:
    """Whether a quantity fails the LOT_SIZE filter."""
    return is_outside(
        quantity_lots,
        low=instrument.min_quantity_lots,
        high=instrument.max_quantity_lots,
        step=instrument.quantity_step_lots,
    )


def _is_halted(state: SymbolState, command: PlaceOrder) -> bool:
    return state.status == "HALT"


def _is_cancel_only(state: SymbolState, command: PlaceOrder) -> bool:
    return state.status == "CANCEL_ONLY"


def _is_unsupported(state: SymbolState, command: PlaceOrder) -> bool:
    return _is_incomplete(command) or _are_amounts_misplaced(command) or _are_terms_odd(command)


def _is_incomplete(command: PlaceOrder) -> bool:
    return (
        command["side"] == "NONE"
        or command["order_type"] == "NONE"
        or command["time_in_force"] == "NONE"
        or not command["client_order_id"]
    )


def _are_amounts_misplaced(command: PlaceOrder) -> bool:
    order_type = command["order_type"]
    if command["price_ticks"] and order_type in MARKET_KINDS:
        return True
    if command["stop_price_ticks"] and order_type not in STOP_KINDS:
        return True
    return command["quote_quantity_units"] != 0 and (
        order_type != "MARKET" or command["quantity_lots"] != 0
    )


def _are_terms_odd(command: PlaceOrder) -> bool:
    is_good_till_canceled = command["time_in_force"] == "GTC"
    is_market = command["order_type"] in MARKET_KINDS
    return (
        (not is_good_till_canceled and (is_market or command["order_type"] == "LIMIT_MAKER"))
        or (command["iceberg_lots"] != 0 and (is_market or not is_good_till_canceled))
        or not 0 <= command["maker_rate_ppm"] <= PPM
        or not 0 <= command["taker_rate_ppm"] <= PPM
        or command["reserved_price_ticks"] < 0
    )


def _is_quantity_not_positive(state: SymbolState, command: PlaceOrder) -> bool:
    # No more than one of the two is given here; the other is 0.
    quantity = command["quote_quantity_units"] or command["quantity_lots"]
    return quantity <= 0 or command["iceberg_lots"] < 0


def _is_price_not_positive(state: SymbolState, command: PlaceOrder) -> bool:
    return (command["order_type"] in LIMIT_KINDS and command["price_ticks"] <= 0) or (
        command["order_type"] in STOP_KINDS and command["stop_price_ticks"] <= 0
    )


def _overflows(state: SymbolState, command: PlaceOrder) -> bool:
    instrument = state.instrument
    quantity = command["quantity_lots"]
    price = max(
        command["price_ticks"],
        command["stop_price_ticks"],
        command["reserved_price_ticks"],
        instrument.max_price_ticks,
    )
    return (
        price * quantity * instrument.quote_units_per_tick_lot > LARGEST_AMOUNT
        or quantity * instrument.base_units_per_lot > LARGEST_AMOUNT
    )


def _is_price_off_filter(state: SymbolState, command: PlaceOrder) -> bool:
    order_type = command["order_type"]
    return (
        order_type in LIMIT_KINDS and _is_price_wrong(state.instrument, command["price_ticks"])
    ) or (
        order_type in STOP_KINDS and _is_price_wrong(state.instrument, command["stop_price_ticks"])
    )


def _is_price_wrong(instrument: Instrument, price_ticks: int) -> bool:
    return is_outside(
        price_ticks,
        low=instrument.min_price_ticks,
        high=instrument.max_price_ticks,
        step=instrument.price_step_ticks,
    )


def _is_off_lot_size(state: SymbolState, command: PlaceOrder) -> bool:
    if command["quote_quantity_units"]:
        return False
    iceberg = command["iceberg_lots"]
    return is_lot_size_wrong(state.instrument, command["quantity_lots"]) or (
        iceberg != 0 and is_lot_size_wrong(state.instrument, iceberg)
    )


def _is_off_market_lot_size(state: SymbolState, command: PlaceOrder) -> bool:
    if command["order_type"] not in MARKET_KINDS or command["quote_quantity_units"]:
        return False
    return is_outside(
        command["quantity_lots"],
        low=state.instrument.market_min_quantity_lots,
        high=state.instrument.market_max_quantity_lots,
        step=state.instrument.market_quantity_step_lots,
    )


def _does_iceberg_exceed(state: SymbolState, command: PlaceOrder) -> bool:
    return command["iceberg_lots"] > command["quantity_lots"]


def _has_too_many_parts(state: SymbolState, command: PlaceOrder) -> bool:
    iceberg = command["iceberg_lots"]
    most = state.instrument.max_iceberg_parts
    return iceberg != 0 and most != 0 and -(-command["quantity_lots"] // iceberg) > most


def _is_budget_missing(state: SymbolState, command: PlaceOrder) -> bool:
    budget = command["budget_units"]
    is_buy = command["side"] == "BUY"
    is_paid = command["hold_id"] != ""
    if is_paid and is_buy and command["reserved_price_ticks"] < command["price_ticks"]:
        return True
    if budget:
        return budget < 0
    if command["quote_quantity_units"]:
        return is_paid and not is_buy
    return is_buy and command["order_type"] in MARKET_KINDS


def _is_client_id_used(state: SymbolState, command: PlaceOrder) -> bool:
    return state.is_client_id_used(command["account_id"], command["client_order_id"])


def _is_off_notional(state: SymbolState, command: PlaceOrder) -> bool:
    instrument = state.instrument
    amount = command["quantity_lots"] * instrument.quote_units_per_tick_lot
    if command["order_type"] in LIMIT_KINDS:
        return is_notional_outside(instrument, amount * command["price_ticks"])
    if command["quote_quantity_units"]:
        amount = command["quote_quantity_units"]
    else:
        amount *= state.reference_price()
        if not amount:
            return False
    return is_outside(
        amount,
        low=instrument.min_notional_units if instrument.apply_min_notional_to_market else 0,
        high=instrument.max_notional_units if instrument.apply_max_notional_to_market else 0,
        step=0,
    )


def _is_off_percent_price(state: SymbolState, command: PlaceOrder) -> bool:
    if command["order_type"] not in LIMIT_KINDS:
        return False
    reference = state.reference_price()
    instrument = state.instrument
    if command["side"] == "BUY":
        low, high = instrument.bid_multiplier_down_ppm, instrument.bid_multiplier_up_ppm
    else:
        low, high = instrument.ask_multiplier_down_ppm, instrument.ask_multiplier_up_ppm
    return is_outside(
        command["price_ticks"] * PPM, low=reference * low, high=reference * high, step=0
    )


def _has_too_many_orders(state: SymbolState, command: PlaceOrder) -> bool:
    order_type = command["order_type"]
    if order_type == "MARKET" or (order_type == "LIMIT" and command["time_in_force"] != "GTC"):
        return False
    account = state.accounts.get(command["account_id"])
    return account is not None and _is_full(account.open_count, state.instrument.max_num_orders)


def _has_too_many_stops(state: SymbolState, command: PlaceOrder) -> bool:
    account = state.accounts.get(command["account_id"])
    if account is None or command["order_type"] not in STOP_KINDS:
        return False
    return _is_full(account.stop_count, state.instrument.max_num_algo_orders)


def _has_too_many_icebergs(state: SymbolState, command: PlaceOrder) -> bool:
    account = state.accounts.get(command["account_id"])
    if account is None or not command["iceberg_lots"]:
        return False
    return _is_full(account.iceberg_count, state.instrument.max_num_iceberg_orders)


def _is_full(count: int, most: int) -> bool:
    return most != 0 and count >= most


def _would_trigger(state: SymbolState, command: PlaceOrder) -> bool:
    last = state.last_price_ticks
    if command["order_type"] not in STOP_KINDS or not last:
        return False
    if triggers_above(command["side"], command["order_type"]):
        return last >= command["stop_price_ticks"]
    return last <= command["stop_price_ticks"]


def _would_match(state: SymbolState, command: PlaceOrder) -> bool:
    if command["order_type"] != "LIMIT_MAKER":
        return False
    if command["side"] == "BUY":
        return state.book.asks.is_marketable(-command["price_ticks"])
    return state.book.bids.is_marketable(command["price_ticks"])


def _has_no_liquidity(state: SymbolState, command: PlaceOrder) -> bool:
    return command["order_type"] == "MARKET" and not state.book.opposite(command["side"]).keys


def _is_over_budget(state: SymbolState, command: PlaceOrder) -> bool:
    if command["order_type"] != "MARKET":
        return False
    order = Order(command, state.time_ms)
    best = abs(state.book.opposite(command["side"]).keys[-1])
    return is_bound_by_money(order) and not capacity_by_money(state, order, best)


ORDER_CHECKS: Final[tuple[tuple[RejectReason, Check], ...]] = (
    ("UNSUPPORTED_ORDER_COMBINATION", _is_unsupported),
    ("QUANTITY_NOT_POSITIVE", _is_quantity_not_positive),
    ("PRICE_NOT_POSITIVE", _is_price_not_positive),
    ("AMOUNT_OVERFLOW", _overflows),
    ("PRICE_FILTER", _is_price_off_filter),
    ("LOT_SIZE", _is_off_lot_size),
    ("MARKET_LOT_SIZE", _is_off_market_lot_size),
    ("ICEBERG_EXCEEDS_QUANTITY", _does_iceberg_exceed),
    ("ICEBERG_PARTS", _has_too_many_parts),
    ("MISSING_BUDGET", _is_budget_missing),
)
"""Those that look at the order and its instrument alone: what passes them can be paid for."""

PLACEMENT_CHECKS: Final[tuple[tuple[RejectReason, Check], ...]] = (
    ("SYMBOL_HALTED", _is_halted),
    ("SYMBOL_CANCEL_ONLY", _is_cancel_only),
    *ORDER_CHECKS,
    ("DUPLICATE_CLIENT_ORDER_ID", _is_client_id_used),
    ("NOTIONAL", _is_off_notional),
    ("PERCENT_PRICE_BY_SIDE", _is_off_percent_price),
    ("MAX_NUM_ORDERS", _has_too_many_orders),
    ("MAX_NUM_ALGO_ORDERS", _has_too_many_stops),
    ("MAX_NUM_ICEBERG_ORDERS", _has_too_many_icebergs),
    ("WOULD_TRIGGER_IMMEDIATELY", _would_trigger),
    ("WOULD_IMMEDIATELY_MATCH", _would_match),
    ("NO_LIQUIDITY", _has_no_liquidity),
    ("BUDGET_EXCEEDED", _is_over_budget),
)
