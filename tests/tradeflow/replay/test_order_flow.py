"""Recorded events as commands, held against the engine that will carry them out."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.instruments import Instrument
from streams.domain.market import Market
from tests.simulation.instruments import an_instrument
from tests.tradeflow.replay.synthetic import START_MS, SyntheticMarket, write_recording
from tradeflow.replay.order_flow import HOUSE, Command, OrderFlow
from tradeflow.replay.recording import (
    DepthDiff,
    DepthSnapshot,
    RecordedTrade,
    in_exchange_order,
    read_recording,
)

_LTCUSDT = an_instrument("LTCUSDT", tick_size="0.01", lot_size="0.001")


def _snapshot(bids: dict[str, str], asks: dict[str, str]) -> DepthSnapshot:
    return DepthSnapshot(0, 10, list(bids.items()), list(asks.items()))


def _diff(
    number: int, bids: dict[str, str] | None = None, asks: dict[str, str] | None = None
) -> DepthDiff:
    update_id = 10 + number
    return DepthDiff(
        0,
        START_MS + 100 * number,
        "LTCUSDT",
        update_id,
        update_id,
        list((bids or {}).items()),
        list((asks or {}).items()),
    )


def _trade(price: str, quantity: str, *, sell: bool) -> RecordedTrade:
    return RecordedTrade(0, START_MS + 50, "LTCUSDT", 1, price, quantity, sell)


def _told(commands: list[Command]) -> list[tuple[object, ...]]:
    """Commands by what matters: what, whose, side, price, quantity."""
    told: list[tuple[object, ...]] = []
    for kind, record in commands:
        if kind == "PlaceOrder":
            told.append(
                (
                    record["account_id"],
                    record["side"],
                    record["time_in_force"],
                    record["price_ticks"],
                    record["quantity_lots"],
                )
            )
        elif kind == "AmendOrder":
            told.append(("amend", record["original_client_order_id"], record["quantity_lots"]))
        else:
            told.append(("cancel", record["original_client_order_id"]))
    return told


def _flow_over(bids: dict[str, str], asks: dict[str, str]) -> OrderFlow:
    flow = OrderFlow(_LTCUSDT, "r")
    assert len(list(flow.commands(_snapshot(bids, asks)))) == len(bids) + len(asks)
    return flow


def test_the_snapshot_becomes_resting_orders_of_the_house() -> None:
    flow = OrderFlow(_LTCUSDT, "r")

    commands = list(flow.commands(_snapshot({"65.00": "1", "64.99": "2"}, {"65.02": "0.5"})))

    assert _told(commands) == [
        (HOUSE, "BUY", "GTC", 6_500, 1_000),
        (HOUSE, "BUY", "GTC", 6_499, 2_000),
        (HOUSE, "SELL", "GTC", 6_502, 500),
    ]
    assert [record["command_id"] for _, record in commands] == ["r-1", "r-2", "r-3"]


def test_nothing_is_sent_before_the_snapshot() -> None:
    flow = OrderFlow(_LTCUSDT, "r")

    assert list(flow.commands(_diff(1, bids={"65.00": "1"}))) == []
    assert list(flow.commands(_trade("65.00", "1", sell=True))) == []
    assert flow.early_trades == 1


def test_a_smaller_level_is_an_amend_that_keeps_priority() -> None:
    flow = _flow_over({"65.00": "1"}, {})

    assert _told(list(flow.commands(_diff(1, bids={"65.00": "0.4"})))) == [("amend", "r-1", 400)]


def test_a_larger_level_is_one_more_order_behind_and_shrinks_from_the_back() -> None:
    flow = _flow_over({"65.00": "1"}, {})

    assert _told(list(flow.commands(_diff(1, bids={"65.00": "1.5"})))) == [
        (HOUSE, "BUY", "GTC", 6_500, 500)
    ]
    assert _told(list(flow.commands(_diff(2, bids={"65.00": "0.9"})))) == [
        ("cancel", "r-2"),
        ("amend", "r-1", 900),
    ]


def test_a_level_that_is_gone_is_cancelled_before_others_are_added() -> None:
    flow = _flow_over({"65.00": "1"}, {"65.02": "1"})

    commands = list(flow.commands(_diff(1, bids={"65.03": "2"}, asks={"65.02": "0", "65.05": "3"})))

    assert _told(commands) == [
        ("cancel", "r-2"),
        (HOUSE, "BUY", "GTC", 6_503, 2_000),
        (HOUSE, "SELL", "GTC", 6_505, 3_000),
    ]


def test_a_level_as_recorded_needs_no_command() -> None:
    flow = _flow_over({"65.00": "1"}, {"65.02": "1"})

    assert list(flow.commands(_diff(1, bids={"65.00": "1"}, asks={"70.00": "0"}))) == []


def test_a_trade_takes_from_the_house_at_its_price() -> None:
    flow = _flow_over({"65.00": "1"}, {"65.02": "1"})

    [(kind, order)] = flow.commands(_trade("65.00", "0.3", sell=True))

    assert (kind, order["account_id"], order["side"]) == ("PlaceOrder", HOUSE, "SELL")
    assert (order["time_in_force"], order["price_ticks"]) == ("IOC", 6_500)
    assert order["quantity_lots"] == 300
    assert flow.mirror.quantity(("BUY", 6_500)) == 700
    # The diff that contains the trade then has nothing to add.
    assert list(flow.commands(_diff(1, bids={"65.00": "0.7"}))) == []


def test_a_trade_that_the_diff_does_not_confirm_is_made_good() -> None:
    flow = _flow_over({"65.00": "1"}, {})
    list(flow.commands(_trade("65.00", "0.3", sell=True)))

    assert _told(list(flow.commands(_diff(1)))) == [(HOUSE, "BUY", "GTC", 6_500, 300)]


def test_a_trade_at_a_level_that_no_diff_showed_yet_proves_that_it_rested_there() -> None:
    flow = _flow_over({"65.00": "1"}, {"65.02": "1"})

    commands = list(flow.commands(_trade("65.01", "0.2", sell=True)))

    assert _told(commands) == [
        (HOUSE, "BUY", "GTC", 6_501, 200),
        (HOUSE, "SELL", "IOC", 6_501, 200),
    ]


def test_a_trade_behind_a_better_level_proves_that_the_level_was_gone() -> None:
    flow = _flow_over({"65.00": "1", "64.98": "1"}, {})

    commands = list(flow.commands(_trade("64.98", "1", sell=True)))

    assert _told(commands) == [("cancel", "r-1"), (HOUSE, "SELL", "IOC", 6_498, 1_000)]


def test_what_would_cross_an_addition_is_cancelled_first() -> None:
    flow = _flow_over({"65.00": "1"}, {"65.02": "1"})
    # No recording should say this: a bid at the ask that is still there.
    commands = list(flow.commands(_diff(1, bids={"65.02": "1"})))

    assert _told(commands) == [("cancel", "r-2"), (HOUSE, "BUY", "GTC", 6_502, 1_000)]


def test_what_the_exchange_would_refuse_is_counted_and_not_sent() -> None:
    rules = an_instrument(
        "LTCUSDT", tick_size="0.01", lot_size="0.001", min_notional_units=6_500 * 500
    )
    flow = OrderFlow(rules, "r")

    commands = list(flow.commands(_snapshot({"65.00": "0.4", "64.00": "1"}, {})))

    assert _told(commands) == [(HOUSE, "BUY", "GTC", 6_400, 1_000)]
    assert flow.not_sent == Counter(NOTIONAL=1)
    assert flow.number == 1


def test_quantities_between_two_lots_are_rounded_down_and_counted() -> None:
    flow = OrderFlow(_LTCUSDT, "r")

    [(_, order)] = flow.commands(_snapshot({"65.00": "1.23456"}, {"65.005": "1"}))

    assert order["quantity_lots"] == 1_234
    assert flow.grid.rounded_quantities == 1
    assert flow.grid.off_grid_prices == 1


class _Exchange:
    """An engine that is given the flow's commands and knows nothing of its mirror."""

    def __init__(self, instrument: Instrument) -> None:
        self.market = Market(instrument)
        self.trades: list[tuple[int, int, bool]] = []

    def carry_out(self, command: Command) -> None:
        outcome = self.market.apply(*command)
        assert all(report.reject_reason == "NONE" for report in outcome.reports)
        self.trades += [
            (trade.price_ticks, trade.quantity_lots, trade.is_buyer_maker)
            for trade in outcome.trades
        ]
        bids, asks = self.market.depth(1)
        assert not bids or not asks or bids[0][0] < asks[0][0], "never crossed"


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), steps=st.integers(3, 25))
@example(seed=6240, steps=3)  # A trade in the snapshot's millisecond.
def test_after_each_diff_the_engines_book_is_the_recorded_one(
    tmp_path_factory: pytest.TempPathFactory, seed: int, steps: int
) -> None:
    synthetic = SyntheticMarket(seed)
    folder = tmp_path_factory.mktemp("recording")
    path = write_recording(folder / "made.txt", synthetic, steps)
    flow, exchange = OrderFlow(_LTCUSDT, "r"), _Exchange(_LTCUSDT)

    for event in in_exchange_order(read_recording(path)):
        for command in flow.commands(event):
            exchange.carry_out(command)
        if not isinstance(event, RecordedTrade):
            recorded = flow.recorded.levels("BUY"), flow.recorded.levels("SELL")
            assert exchange.market.depth() == recorded
            assert flow.touched_levels == 0

    # All trades are older than the last diff, so the whole market is known.
    assert dict(flow.recorded.levels("BUY")) == synthetic.bids
    assert dict(flow.recorded.levels("SELL")) == synthetic.asks
    assert _by_price(exchange.trades) == _by_price(synthetic.trades)


def _by_price(trades: list[tuple[int, int, bool]]) -> Counter[tuple[int, bool]]:
    """Quantities traded: a recorded trade may meet several orders of the house."""
    sums: Counter[tuple[int, bool]] = Counter()
    for price, lots, is_buyer_maker in trades:
        sums[price, is_buyer_maker] += lots
    return sums


def test_equal_recordings_give_equal_commands(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "made.txt", SyntheticMarket(5), 20)

    def commands() -> list[Command]:
        flow = OrderFlow(_LTCUSDT, "r")
        return [
            command
            for event in in_exchange_order(read_recording(path))
            for command in flow.commands(event)
        ]

    assert commands() == commands()
