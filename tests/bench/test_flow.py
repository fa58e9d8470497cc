"""The flow of commands: the same for a seed, and made of what it says."""

from pathlib import Path

import pytest

from bench.domain import markets_after
from bench.flow import SYMBOLS, Flow, bench_instruments
from schemas.codec import decode, encode

RESTING = 400


@pytest.fixture
def flow(tmp_path: Path) -> Flow:
    return Flow(bench_instruments(tmp_path), resting=RESTING)


def test_a_seed_gives_the_same_commands(flow: Flow, tmp_path: Path) -> None:
    twin = Flow(bench_instruments(tmp_path), resting=RESTING)
    other = Flow(bench_instruments(tmp_path), resting=RESTING, seed=2)

    commands = flow.fill() + flow.take(500)

    assert commands == twin.fill() + twin.take(500)
    assert commands != other.fill() + other.take(500)


def test_the_mix_is_what_it_says(flow: Flow) -> None:
    flow.fill()
    commands = flow.take(5_000)
    counts = flow.counts

    assert len(commands) == 5_000 == counts["cancels"] + counts["makers"] + counts["takers"]
    assert counts["cancels"] / 5_000 == pytest.approx(0.45, abs=0.03)
    assert counts["takers"] / 5_000 == pytest.approx(0.20, abs=0.03)
    assert 1 <= counts["trades"] / counts["takers"] <= 3
    assert {kind for kind, _ in commands} == {
        "PlaceOrder",
        "CancelOrder",
        "CancelReplaceOrder",
        "AmendOrder",
    }


def test_books_keep_their_size_and_nothing_is_refused(flow: Flow, tmp_path: Path) -> None:
    markets = markets_after(flow.fill(), bench_instruments(tmp_path))

    reports = [
        report
        for kind, command in flow.take(3_000)
        for report in markets[command["symbol"]].apply(kind, command).reports
    ]

    assert [report for report in reports if report.reject_reason != "NONE"] == []
    resting = [len(market.state.book.orders) for market in markets.values()]
    assert sum(resting) == pytest.approx(RESTING, rel=0.2)
    assert len(resting) == len(SYMBOLS)


def test_every_command_fits_its_schema(flow: Flow) -> None:
    for kind, command in flow.fill() + flow.take(500):
        assert decode(encode(kind, command)) == (kind, command)
