"""What is encoded of an event is the record that it says it is."""

from collections.abc import Iterable
from typing import Any

import pytest

from schemas.codec import decode, encode
from streams.domain.events import DepthEvent, ReportEvent, TradeEvent
from streams.domain.market import Market
from tests.simulation.profiles import REALISTIC
from tests.simulation.workload import Workload

RECORDS = {ReportEvent: "ExecutionReport", TradeEvent: "Trade", DepthEvent: "DepthUpdate"}


@pytest.fixture(scope="module")
def events() -> list[Any]:
    return list(_events_of(2_000))


def _events_of(commands: int) -> Iterable[Any]:
    workload = Workload(REALISTIC, 1)
    markets = {symbol: Market(rules) for symbol, rules in REALISTIC.instruments.items()}
    for _ in range(commands):
        kind, command = next(workload)
        if command.get("symbol") in markets:
            outcome = markets[command["symbol"]].apply(kind, command)
            workload.observe(outcome.as_records().reports)
            yield from (*outcome.reports, *outcome.trades)
            if outcome.depth is not None:
                yield outcome.depth


def test_fields_are_encoded_as_the_record_is(events: list[Any]) -> None:
    for event in events:
        name = RECORDS[type(event)]
        data = encode(name, event.fields())
        assert data == encode(name, event.as_record())
        assert decode(data) == (name, event.as_record())


def test_all_kinds_were_looked_at(events: list[Any]) -> None:
    assert {type(event) for event in events} == set(RECORDS)
    updates = [event for event in events if isinstance(event, DepthEvent)]
    assert any(update.bids and update.asks for update in updates)


def test_a_new_report_says_nothing_but_whose_it_is() -> None:
    record = ReportEvent("c", "a", "S").as_record()

    assert {name: value for name, value in record.items() if value not in (0, "", "NONE")} == {
        "command_id": "c",
        "account_id": "a",
        "symbol": "S",
    }


def test_an_event_is_shown_with_its_fields() -> None:
    trade = TradeEvent(7, "S", 100, 5, 500, 1, 2, True, "c", 9)
    assert repr(trade).startswith("<TradeEvent {'trade_id': 7, 'symbol': 'S', 'price_ticks': 100")
