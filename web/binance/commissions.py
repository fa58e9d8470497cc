"""Commission rates, which are the instrument's for everybody."""

from typing import Any

from schemas.amounts import format_ppm
from schemas.instruments import Instrument


def rate(ppm: int) -> str:
    """A rate with 8 decimals, as Binance writes them."""
    return f"{format_ppm(ppm)}00"


def rates_of_orders(instrument: Instrument | None) -> dict[str, Any]:
    """Of makers and takers; without an instrument none are asked for."""
    if instrument is None:
        return {"maker": rate(0), "taker": rate(0)}
    return {"maker": rate(instrument.maker_rate_ppm), "taker": rate(instrument.taker_rate_ppm)}


def rates(instrument: Instrument | None) -> dict[str, Any]:
    """The same, and what either side pays on top: nothing."""
    return {**rates_of_orders(instrument), "buyer": rate(0), "seller": rate(0)}


def no_discount() -> dict[str, Any]:
    """There is no asset to pay commissions with for less."""
    return {
        "enabledForAccount": False,
        "enabledForSymbol": False,
        "discountAsset": "BNB",
        "discount": rate(0),
    }
