"""Matches that did not happen because both orders were one account's."""

from collections.abc import Mapping
from typing import Any, NamedTuple

_STOPS = frozenset({"STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"})


class PreventedMatch(NamedTuple):
    """One pair of orders that met."""

    match_id: int
    """The execution id of the first report that tells of it: it rises within a symbol."""
    command_id: str
    symbol: str
    taker_order_id: int
    maker_order_id: int
    mode: str
    price_ticks: int
    maker_lots: int
    """What the maker lost by it."""
    time_ms: int
    second_id: int = 0
    """Of the second report, where both orders lost by it."""

    def is_told_again_by(self, report: Mapping[str, Any]) -> bool:
        """Whether a report is the taker's half of what the maker's has told."""
        told = (
            report["execution_id"] - 1,
            report["command_id"],
            report["order_id"],
            report["counter_order_id"],
        )
        return told == (self.match_id, self.command_id, self.taker_order_id, self.maker_order_id)


def prevented_match(
    report: Mapping[str, Any], counter: Mapping[str, Any] | None, lots: int
) -> PreventedMatch:
    """The match of a TRADE_PREVENTION report; ``counter`` is the other order, as it is known.

    ``lots`` is what the report's order lost by it.
    """
    order_id, counter_id = report["order_id"], report["counter_order_id"]
    is_taker = order_id > counter_id if counter is None else _began(report) > _began(counter)
    # The taker's mode decides.
    taker = report if is_taker or counter is None else counter
    return PreventedMatch(
        match_id=report["execution_id"],
        command_id=report["command_id"],
        symbol=report["symbol"],
        taker_order_id=order_id if is_taker else counter_id,
        maker_order_id=counter_id if is_taker else order_id,
        mode=taker["self_trade_prevention"],
        price_ticks=report["last_price_ticks"],
        maker_lots=0 if is_taker else lots,
        time_ms=report["time_ms"],
    )


def _began(order: Mapping[str, Any]) -> tuple[int, bool, int]:
    """What orders begin to work by: of two that meet the later one is the taker."""
    # Within a command its own order works first, then the stops that it triggers.
    return order["working_time_ms"], order["order_type"] in _STOPS, order["order_id"]
