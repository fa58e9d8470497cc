"""LOBSTER's message files: lines as they are, and lines that are none."""

import gzip
from collections.abc import Iterable
from pathlib import Path

import pytest

from tradeflow.backtest.lobster import (
    LobsterError,
    Message,
    MessageType,
    midnight_ms_of,
    read_messages,
    ticker_of,
)
from tradeflow.backtest.lobster_book import book_file_of, read_first_book

LINES = """34200.004241176,1,16113575,18,5853300,1
34200.025551909,2,16113575,8,5853300,1
34200.201743150,4,16113575,10,5853300,1
34200.275331000,5,0,7,5853350,-1
34200.300000000,6,0,1500,5853400,-1
34201.000000000,7,0,0,-1,-1
34202.500000000,3,16113575,0001,5853300,1
"""


def _read(path: Path) -> list[Message]:
    return list(read_messages(path, at=lambda _read: None))


def _write(path: Path, lines: str) -> Path:
    path.write_text(lines)
    return path


def test_a_line_is_a_message(tmp_path: Path) -> None:
    path = _write(tmp_path / "AAPL_1970-01-02_34200000_57600000_message_5.csv", LINES)

    first, *_, last = _read(path)

    day = 24 * 3_600 * 1_000
    assert first == Message(
        day + 34_200_004, MessageType.SUBMISSION, 16_113_575, 18, 5_853_300, True
    )
    assert last.type == MessageType.CANCEL
    assert last.time_ms == day + 34_202_500
    assert ticker_of(path) == "AAPL"
    assert midnight_ms_of(path) == day


def test_the_file_may_be_gzipped_and_named_anyhow(tmp_path: Path) -> None:
    path = tmp_path / "some.csv.gz"
    path.write_bytes(gzip.compress(LINES.encode()))

    assert len(_read(path)) == 7
    assert (ticker_of(path), midnight_ms_of(path)) == ("SHARE", 0)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1.0,1,1,1,1", "5 fields, a message has 6"),
        ("x,1,1,1,100,1", "'x' is no time in seconds"),
        ("nan,1,1,1,100,1", "'nan' is no time in seconds"),
        ("-1,1,1,1,100,1", "'-1' is no time in seconds"),
        ("1.0,8,1,1,100,1", "type 8 is none of 1 to 7"),
        ("1.0,one,1,1,100,1", "type 'one' is no whole number"),
        ("1.0,1,1,1,100,0", "direction '0' is neither 1 nor -1"),
        ("1.0,1,1,0,100,1", "size and price must be more than 0"),
        ("1.0,1,1,1,-100,1", "size and price must be more than 0"),
        ("1.0,1,1,1.5,100,1", "size '1.5' is no whole number"),
    ],
)
def test_what_is_no_message_is_said_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    path = _write(tmp_path / "A_message.csv", f"0.5,1,1,1,100,1\n{line}\n")

    with pytest.raises(LobsterError, match=f"A_message.csv, line 2: {said}"):
        _read(path)


def test_time_does_not_go_back(tmp_path: Path) -> None:
    path = _write(tmp_path / "A_message.csv", "2.0,1,1,1,100,1\n1.0,1,2,1,100,1\n")

    with pytest.raises(LobsterError, match="line 2: its time is before"):
        _read(path)


def test_damaged_files(tmp_path: Path) -> None:
    short = tmp_path / "short.gz"
    short.write_bytes(gzip.compress(LINES.encode() * 500)[:-20])
    bad = tmp_path / "A_2012-99-99_message.csv"
    bad.write_text(LINES)

    for path, said in _faults(short, bad, tmp_path / "none.csv"):
        with pytest.raises(LobsterError, match=said):
            _read(path)


def _faults(short: Path, bad: Path, none: Path) -> Iterable[tuple[Path, str]]:
    return (
        (short, "ends in the middle|its time is before"),
        (bad, "2012-99-99, which is no day"),
        (none, "cannot be read: No such file"),
    )


def test_the_order_book_file_is_found_by_its_name(tmp_path: Path) -> None:
    path = _write(tmp_path / "AAPL_2012-06-21_34200000_57600000_message_2.csv", LINES)
    assert book_file_of(path) is None
    beside = tmp_path / "AAPL_2012-06-21_34200000_57600000_orderbook_2.csv"
    beside.write_text("5859400,200,5853300,18,9999999999,0,5853000,150\n1,1,1,1\n")

    assert book_file_of(path) == beside
    assert read_first_book(beside) == [
        (False, 5_859_400, 200),
        (True, 5_853_300, 18),
        (True, 5_853_000, 150),
    ]
    assert book_file_of(_write(tmp_path / "some.csv", LINES)) is None


@pytest.mark.parametrize(
    ("line", "said"), [("1,2,3", "3 numbers, a level has 4"), ("", "0 numbers"), ("a,1,1,1", "a")]
)
def test_an_order_book_file_that_is_none(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(LobsterError, match=f"line 1: .*{said}"):
        read_first_book(_write(tmp_path / "A_orderbook_1.csv", line))
