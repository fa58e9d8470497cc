"""What workloads are made of: one as venues see it, one as nobody would wish it."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.enums import SELF_TRADE_PREVENTIONS
from schemas.instruments import Instrument
from tests.simulation.instruments import HOSTILE_INSTRUMENTS, REALISTIC_INSTRUMENTS


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What a workload is made of; shares are chances from 0 to 1, weights have any sum."""

    instruments: Mapping[str, Instrument]
    weights: Mapping[str, int]
    """Of the methods of ``Workload`` that make a command."""
    accounts: int
    middle_ticks: int
    spread_ticks: int
    """How far from the middle, which drifts, prices are chosen."""
    largest_quantity: int
    """In steps of the instrument."""
    steps_ms: tuple[int, ...]
    """Between commands; one is drawn for each."""
    spoiled_share: float = 0.0
    odd_cancel_share: float = 0.0
    """Cancels and amends of another's order, of unknown orders, by ids that do not fit."""
    late_share: float = 0.0
    """Commands with a time before that of an earlier one."""
    fewest_open: int = 0
    """Below so many open orders of a symbol a maker comes instead of a cancel."""
    self_trade_preventions: tuple[str, ...] = SELF_TRADE_PREVENTIONS


REALISTIC = Profile(
    instruments=REALISTIC_INSTRUMENTS,
    weights={"cancel": 35, "cancel_replace": 10, "maker": 35, "taker": 20},
    accounts=200,
    middle_ticks=1_000_000,
    spread_ticks=200,
    largest_quantity=1_000_000,
    steps_ms=(0, 0, 1, 1, 2, 5),
    odd_cancel_share=0.05,
    fewest_open=200,
    self_trade_preventions=("EXPIRE_TAKER", "EXPIRE_MAKER"),
)
"""What venues see: 45 % cancels, 35 % makers, 20 % takers."""

HOSTILE = Profile(
    instruments=HOSTILE_INSTRUMENTS,
    weights={
        "any_order": 80,
        "cancel": 4,
        "order_list": 12,
        "cancel_replace": 5,
        "amend": 7,
        "symbol_status": 1,
        "tick": 1,
        "unknown_symbol": 1,
    },
    accounts=4,
    middle_ticks=100,
    spread_ticks=6,
    largest_quantity=12,
    steps_ms=(0, 0, 0, 1, 1, 400, 400, 9_000, 31_000, 61_000),
    spoiled_share=0.22,
    odd_cancel_share=0.25,
    late_share=0.1,
)
"""Everything at once in a narrow price range: own orders, icebergs and stops meet all the time."""
