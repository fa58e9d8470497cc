"""The filters that are published refuse what matching refuses, by Binance's own reading of them."""

import json
from decimal import Decimal
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schemas.instruments import DEFAULT_FILE, Instrument, InstrumentError, read_instrument
from streams.domain.market import Market
from tests.streams.domain.builders import placement
from web.binance.symbol_filters import Filter, symbol_filters

ENTRY = json.loads(DEFAULT_FILE.read_text())[0]
TRADED_AT = "1.00"
OURS = ("PRICE_FILTER", "LOT_SIZE", "MARKET_LOT_SIZE", "NOTIONAL", "PERCENT_PRICE_BY_SIDE")
"""In the order in which matching looks."""


def _steps(step: str, most: int) -> st.SearchStrategy[str]:
    some = st.integers(0, most).map(lambda count: str(count * Decimal(step)))
    return st.one_of(st.just("0"), st.just("0"), some)


rules = st.fixed_dictionaries(
    {
        "tick_size": st.just("0.01"),
        "lot_size": st.just("0.001"),
        "min_price": _steps("0.02", 30),
        "max_price": st.sampled_from(["1.5", "3", "10000"]),
        "price_step": st.sampled_from(["0", "0", "0.01", "0.02"]),
        "min_quantity": _steps("0.002", 10),
        "max_quantity": _steps("0.001", 100),
        "quantity_step": st.sampled_from(["0", "0", "0.001", "0.002"]),
        "market_min_quantity": _steps("0.003", 10),
        "market_max_quantity": _steps("0.001", 100),
        "market_quantity_step": st.sampled_from(["0", "0", "0.001", "0.003"]),
        "min_notional": _steps("0.00001", 3_000),
        "max_notional": _steps("0.0001", 3_000),
        "apply_min_notional_to_market": st.booleans(),
        "apply_max_notional_to_market": st.booleans(),
        "bid_multiplier_up": st.sampled_from(["0", "1.1", "1.5", "3"]),
        "bid_multiplier_down": st.sampled_from(["0", "0.5", "0.999999"]),
        "ask_multiplier_up": st.sampled_from(["0", "1", "1.2"]),
        "ask_multiplier_down": st.sampled_from(["0", "0.7", "0.95"]),
        "average_price_minutes": st.sampled_from([0, 5]),
    }
)


def _instrument(changes: dict[str, Any]) -> Instrument:
    try:
        return read_instrument(ENTRY | changes)
    except InstrumentError:
        assume(False)
        raise


def _market(instrument: Instrument, instrument_of_trade: Instrument) -> Market:
    """A market in which something was traded once, whatever the rules are by now."""
    before = Market(instrument_of_trade)
    ticks, lots = 100, 1_000
    for name, side in (("maker", "SELL"), ("taker", "BUY")):
        terms = {"side": side, "price_ticks": ticks, "quantity_lots": lots}
        before.apply("PlaceOrder", _placed(instrument, name, terms))
    # Somebody to sell to and to buy from.
    for name, side, price in (("bid", "BUY", 1), ("ask", "SELL", 100_000)):
        terms = {"side": side, "price_ticks": price, "quantity_lots": lots}
        before.apply("PlaceOrder", _placed(instrument, name, terms))
    orders = list(before.state.book.orders.values())
    return Market.restore(instrument, before.symbol_row(), orders, [])


def _placed(instrument: Instrument, name: str, terms: dict[str, Any]) -> dict[str, Any]:
    command = placement(name, **terms) | {"symbol": instrument.symbol, "time_ms": 1_700_000_000_000}
    return {"command_id": name, **command}


def _refusal(filters: list[Filter], is_buy: bool, price: Decimal | None, quantity: Decimal) -> str:
    """The first filter that Binance's documents say refuses an order; price None: at market."""
    by_kind = {each["filterType"]: each for each in filters}
    is_market = price is None
    told = Decimal(TRADED_AT) if price is None else price
    for kind in OURS:
        each = by_kind.get(kind)
        if each is None:
            continue
        if kind == "PRICE_FILTER":
            bounds = () if is_market else (("minPrice", "maxPrice", "tickSize", told),)
        elif kind == "NOTIONAL":
            low = "minNotional" if not is_market or each["applyMinToMarket"] else None
            high = "maxNotional" if not is_market or each["applyMaxToMarket"] else None
            bounds = ((low, high, None, told * quantity),)
        elif kind == "PERCENT_PRICE_BY_SIDE":
            side = "bid" if is_buy else "ask"
            names = (f"{side}MultiplierDown", f"{side}MultiplierUp", None)
            bounds = () if is_market else ((*names, told / Decimal(TRADED_AT)),)
        else:
            applies = kind == "LOT_SIZE" or is_market
            bounds = (("minQty", "maxQty", "stepSize", quantity),) if applies else ()
        if any(_is_outside(each, *bound) for bound in bounds):
            return kind
    return "NONE"


def _is_outside(
    each: Filter, low: str | None, high: str | None, step: str | None, value: Decimal
) -> bool:
    size = Decimal(each[step]) if step else Decimal(0)
    return (
        (low is not None and value < Decimal(each[low]))
        or (high is not None and value > Decimal(each[high]))
        or (size != 0 and value % size != 0)
    )


@settings(max_examples=300)
@given(rules, st.booleans(), st.one_of(st.none(), st.integers(1, 400)), st.integers(1, 120))
def test_say_what_matching_does(
    changes: dict[str, Any], is_buy: bool, price_ticks: int | None, lots: int
) -> None:
    instrument = _instrument(changes)
    free = dict.fromkeys((name for name in changes if "quantity" in name or "price" in name), "0")
    loose = changes | free | {"max_price": "10000", "min_notional": "0", "max_notional": "0"}
    loose |= {name: "0" for name in changes if "multiplier" in name}
    market = _market(instrument, _instrument(loose | {"average_price_minutes": 5}))
    kind = "MARKET" if price_ticks is None else "LIMIT"
    terms = {
        "side": "BUY" if is_buy else "SELL",
        "order_type": kind,
        "price_ticks": price_ticks or 0,
        "quantity_lots": lots,
        "budget_units": 10**15 if price_ticks is None else 0,
    }

    reason = market.apply("PlaceOrder", _placed(instrument, "order", terms)).reports[0]

    price = None if price_ticks is None else price_ticks * Decimal("0.01")
    expected = _refusal(symbol_filters(instrument), is_buy, price, lots * Decimal("0.001"))
    assert reason.reject_reason == expected
