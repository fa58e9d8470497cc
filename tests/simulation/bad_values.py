"""Ways to spoil a good order, so that every reason for a refusal comes up.

What a spoiled order is refused for is not said here: that is for the engine and its twin to agree
on, and an order that is bad in one market can be good in another.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from schemas.instruments import Instrument

Place = dict[str, Any]
Spoiler = Callable[[Random, Place, Instrument], Place]


def no_name(rng: Random, place: Place, rules: Instrument) -> Place:
    field = rng.choice(("side", "order_type", "time_in_force"))
    return {field: "NONE"}


def no_client_order_id(rng: Random, place: Place, rules: Instrument) -> Place:
    return {"client_order_id": ""}


def field_of_another_kind(rng: Random, place: Place, rules: Instrument) -> Place:
    """Exactly one field too many, on a kind that does not know it; negative counts as given."""
    amount = rng.choice((-5, 5, 100))
    market = {"order_type": "MARKET", "price_ticks": 0, "stop_price_ticks": 0, "iceberg_lots": 0}
    return rng.choice(
        (
            {**market, "time_in_force": "GTC", "price_ticks": amount},
            {**market, "time_in_force": "GTC", "stop_price_ticks": amount},
            {**market, "time_in_force": "GTC", "iceberg_lots": amount},
            {**market, "time_in_force": "GTC", "quote_quantity_units": amount},
            {**market, "time_in_force": rng.choice(("IOC", "FOK"))},
            {"order_type": "LIMIT", "stop_price_ticks": amount},
            {"order_type": "LIMIT", "quote_quantity_units": amount},
            {"order_type": "LIMIT", "quote_quantity_units": amount, "quantity_lots": 0},
            {"order_type": "LIMIT_MAKER", "time_in_force": rng.choice(("IOC", "FOK"))},
            {"order_type": "LIMIT", "time_in_force": "IOC", "iceberg_lots": amount},
        )
    )


def bad_rate(rng: Random, place: Place, rules: Instrument) -> Place:
    field = rng.choice(("maker_rate_ppm", "taker_rate_ppm"))
    return {field: rng.choice((-1, 1_000_001, 0, 1_000_000))}


def bad_reserved_price(rng: Random, place: Place, rules: Instrument) -> Place:
    price = place["price_ticks"]
    return {"reserved_price_ticks": rng.choice((-1, 2**62, price - 1, price + 1))}


def no_quantity(rng: Random, place: Place, rules: Instrument) -> Place:
    field = "quantity_lots"
    if place["quote_quantity_units"]:
        field = "quote_quantity_units"
    elif place["iceberg_lots"]:
        field = "iceberg_lots"
    return {field: rng.choice((0, -1, -(2**63)))}


def no_price(rng: Random, place: Place, rules: Instrument) -> Place:
    field = "stop_price_ticks" if place["stop_price_ticks"] else "price_ticks"
    return {field: rng.choice((0, -1, -(2**63)))}


def overflow(rng: Random, place: Place, rules: Instrument) -> Place:
    largest = 2**63 - 1
    base = max(1, largest // rules.base_units_per_lot)
    price = max(place["price_ticks"], place["stop_price_ticks"], rules.max_price_ticks, 1)
    quote = max(1, largest // (price * rules.quote_units_per_tick_lot))
    return {"quantity_lots": rng.choice((base, base + 1, quote, quote + 1, largest))}


def price_off_filter(rng: Random, place: Place, rules: Instrument) -> Place:
    bad = rng.choice(
        (rules.min_price_ticks - 1, rules.max_price_ticks + 1, place["price_ticks"] + 1)
    )
    field = "stop_price_ticks" if place["stop_price_ticks"] and rng.random() < 0.5 else None
    return {field or "price_ticks": max(1, bad)}


def quantity_off_filter(rng: Random, place: Place, rules: Instrument) -> Place:
    step = max(1, rules.quantity_step_lots)
    return rng.choice(
        (
            {"quantity_lots": max(1, rules.min_quantity_lots - step)},
            {"quantity_lots": rules.max_quantity_lots + step},
            {"quantity_lots": place["quantity_lots"] + 1},
            {"iceberg_lots": max(1, rules.min_quantity_lots - step)},
            {"iceberg_lots": place["iceberg_lots"] + 1},
        )
    )


def quantity_off_market_filter(rng: Random, place: Place, rules: Instrument) -> Place:
    step = max(1, rules.quantity_step_lots)
    quantity = rng.choice(
        (
            max(step, rules.market_min_quantity_lots - step),
            rules.market_max_quantity_lots + step,
            rules.market_quantity_step_lots + step,
        )
    )
    return {
        "order_type": rng.choice(("MARKET", "STOP_LOSS")),
        "time_in_force": "GTC",
        "price_ticks": 0,
        "stop_price_ticks": 0,
        "iceberg_lots": 0,
        "quote_quantity_units": 0,
        "quantity_lots": quantity,
    }


def bad_iceberg(rng: Random, place: Place, rules: Instrument) -> Place:
    step = max(1, rules.quantity_step_lots, rules.min_quantity_lots)
    return {"iceberg_lots": rng.choice((place["quantity_lots"] + step, step))}


def bad_budget(rng: Random, place: Place, rules: Instrument) -> Place:
    return {"budget_units": rng.choice((0, -1, 1, 50, 700))}


def bad_notional(rng: Random, place: Place, rules: Instrument) -> Place:
    step = max(1, rules.quantity_step_lots)
    if place["quote_quantity_units"]:
        bounds = (rules.min_notional_units - 1, rules.max_notional_units + 1)
        return {"quote_quantity_units": max(1, rng.choice(bounds))}
    return {"quantity_lots": step * rng.choice((1, 2, 24, 29, 30))}


def far_price(rng: Random, place: Place, rules: Instrument) -> Place:
    """Marketable for a LIMIT_MAKER, outside the band for others, met at once for a stop."""
    away = rng.choice((-10, -8, 8, 10))
    price = place["price_ticks"] and place["price_ticks"] + away
    stop_price = place["stop_price_ticks"] and place["stop_price_ticks"] + away
    return {"price_ticks": price, "stop_price_ticks": stop_price}


SPOILERS: tuple[Spoiler, ...] = (
    no_name,
    no_client_order_id,
    field_of_another_kind,
    bad_rate,
    bad_reserved_price,
    no_quantity,
    no_price,
    overflow,
    price_off_filter,
    quantity_off_filter,
    quantity_off_market_filter,
    bad_iceberg,
    bad_budget,
    bad_notional,
    far_price,
)


def spoil(rng: Random, place: Place, rules: Instrument) -> Place:
    """The order with one thing, now and then two, made worse."""
    for _ in range(2 if rng.random() < 0.2 else 1):
        place = {**place, **rng.choice(SPOILERS)(rng, place, rules)}
    return place
