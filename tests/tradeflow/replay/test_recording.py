"""Reading recordings, and saying which line is wrong."""

import gzip
import re
from pathlib import Path

import pytest

from tests.tradeflow.replay.synthetic import SyntheticMarket, recording_lines
from tradeflow.replay.recording import (
    BestPrices,
    DepthDiff,
    DepthSnapshot,
    RecordedTrade,
    RecordingError,
    in_exchange_order,
    read_recording,
)

_TRADE = (
    '1 {"stream":"x@trade","data":{"e":"trade","T":7,"s":"X","t":5,"p":"1.5","q":"2","m":true}}'
)
_BOOK_TICKER = '2 {"stream":"x@bookTicker","data":{"u":9,"s":"X","b":"1","B":"2","a":"3","A":"4"}}'


def _write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def test_every_kind_of_line_is_read(tmp_path: Path) -> None:
    path = _write(
        tmp_path / "recording",
        _TRADE,
        _BOOK_TICKER,
        '3 {"lastUpdateId":4,"bids":[["1","2"]],"asks":[]}',
        '4 {"stream":"x@depth@100ms","data":{"E":8,"s":"X","U":5,"u":6,"b":[],"a":[["3","0"]]}}',
    )

    assert list(read_recording(path)) == [
        RecordedTrade(1, 7, "X", 5, "1.5", "2", True),
        BestPrices(2, "X", 9, ("1", "2"), ("3", "4")),
        DepthSnapshot(3, 4, [("1", "2")], []),
        DepthDiff(4, 8, "X", 5, 6, [], [("3", "0")]),
    ]


def test_a_gzipped_recording_is_read_the_same(tmp_path: Path) -> None:
    lines = recording_lines(SyntheticMarket(1), 5)
    plain = _write(tmp_path / "plain", *lines)
    zipped = tmp_path / "zipped"
    zipped.write_bytes(gzip.compress(plain.read_bytes()))

    assert list(read_recording(zipped)) == list(read_recording(plain))


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{}", "does not begin with the time of receipt"),
        ("", "does not begin with the time of receipt"),
        ("12 {", "not JSON"),
        ("12 []", "not a message"),
        ("12 {}", "'lastUpdateId' is missing"),
        ('12 {"stream":"x@kline_1m","data":{}}', "x@kline_1m is none of depth, trade"),
        ('12 {"stream":"x@trade","data":{"T":7}}', "'s' is missing"),
        ('12 {"stream":"x@trade","data":{"T":"7"}}', "'7' is no whole number"),
        ('12 {"lastUpdateId":4,"bids":[["1"]],"asks":[]}', "not a message"),
    ],
)
def test_a_line_that_will_not_do_is_named(tmp_path: Path, line: str, fault: str) -> None:
    path = _write(tmp_path / "recording", _TRADE, line)

    with pytest.raises(RecordingError, match=rf"recording, line 2: .*{re.escape(fault)}"):
        list(read_recording(path))


def test_a_recording_that_ends_in_the_middle_says_so(tmp_path: Path) -> None:
    path = tmp_path / "recording"
    path.write_bytes(gzip.compress(_TRADE.encode() * 1_000)[:-9])

    with pytest.raises(RecordingError, match="ends in the middle|damaged"):
        list(read_recording(path))


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="nothing cannot be read: No such file"):
        list(read_recording(tmp_path / "nothing"))


def test_trades_come_before_the_diff_that_contains_them() -> None:
    def trade(trade_id: int, time_ms: int) -> RecordedTrade:
        return RecordedTrade(0, time_ms, "X", trade_id, "1", "1", True)

    def diff(time_ms: int) -> DepthDiff:
        return DepthDiff(0, time_ms, "X", 1, 1, [], [])

    snapshot = DepthSnapshot(0, 1, [], [])
    best = BestPrices(0, "X", 1, ("1", "1"), ("2", "2"))
    received = [diff(100), snapshot, trade(1, 90), best, diff(200), trade(2, 200), trade(3, 200)]

    assert list(in_exchange_order(received)) == [
        trade(1, 90),
        snapshot,
        diff(100),
        trade(2, 200),
        trade(3, 200),
        diff(200),
    ]
    # What is later than the window is passed on as it came.
    late = [diff(5_000), diff(7_000), trade(1, 4_000)]
    assert list(in_exchange_order(late, window_ms=1_000)) == [
        diff(5_000),
        trade(1, 4_000),
        diff(7_000),
    ]
