"""What is said of joins before any broker is there: fields, windows, rows, streams of topics."""

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.join_side import NEVER_MS, StoredRecord
from streams.domain.window_join import JoinClock
from streams.joins import Field, JoinedBatch, Stream, WindowedJoin, join_table
from streams.joins.rows import decode_row, encode_row
from streams.transport import App, Batch, TransportSettings
from streams.transport.errors import ConfigError

README = Path(__file__).parents[2] / "streams" / "joins" / "README.md"
A, B = (Field(topic=name, decode=bytes.decode, key=str) for name in ("a", "b"))
INT64 = st.integers(-(2**63), 2**63 - 1)


def in_app(folder: Path, work: Callable[[App], None]) -> None:
    """Declare something in an app that is never started."""

    async def declare() -> None:
        settings = TransportSettings(bootstrap="nowhere:1", group="joins", state_dir=folder)
        work(App(settings, Stream=Stream))

    asyncio.run(declare())


def window_of(stream: Any) -> tuple[str, int, int, int]:
    """What a joined stream was given, in ms."""
    strategy = stream.join_strategy
    assert isinstance(strategy, WindowedJoin)
    window = strategy._window
    return strategy.kind, window["before_ms"], window["after_ms"], window["grace_ms"]


def test_the_readmes_program_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (program,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    names: dict[str, Any] = {"__name__": "shop"}
    exec(program.replace("sys.exit(run(make_app))", ""), names)

    async def declare() -> Any:
        return names["make_app"]()

    app = asyncio.run(declare())

    assert [list(agent.channel.topics) for agent in app.agents.values()] == [["orders", "payments"]]
    assert {spec.name for spec in app.topic_specs()} == {
        "orders", "payments", "paid", "shop-orders-and-payments-changelog", "shop.dead-letters",
    }  # fmt: skip


def test_windows_are_said_in_seconds(tmp_path: Path) -> None:
    def work(app: App) -> None:
        table = join_table(app, "rows")
        base: Any = app.topic("a", "b").stream()
        given: list[tuple[Any, Any, tuple[str, int, int, int]]] = [
            (base.join, 2, ("inner", 2_000, 2_000, 0)),
            (base.inner_join, 0.5, ("inner", 500, 500, 0)),
            (base.left_join, (0, 30), ("left", 0, 30_000, 0)),
            (base.right_join, (timedelta(minutes=1), 0), ("right", 60_000, 0, 0)),
            (base.outer_join, (-5, timedelta(seconds=10)), ("outer", -5_000, 10_000, 0)),
        ]
        for method, within, window in given:
            assert window_of(method(A, B, within=within, table=table)) == window
        graced = base.join(A, B, within=1, grace=timedelta(milliseconds=7), table=table)
        assert window_of(graced) == ("inner", 1_000, 1_000, 7)

    in_app(tmp_path, work)


def test_a_clone_does_not_forget_its_join(tmp_path: Path) -> None:
    def work(app: App) -> None:
        joined: Any = app.topic("a", "b").stream()
        joined = joined.join(A, B, within=1, table=join_table(app, "rows"))
        assert joined.clone().join_strategy is joined.join_strategy
        assert joined.noack().join_strategy is joined.join_strategy

    in_app(tmp_path, work)


def test_and_gives_one_stream_of_both_topics(tmp_path: Path) -> None:
    def work(app: App) -> None:
        a, b, c = (app.topic(name).stream() for name in "abc")
        both: Any = a & b & c

        assert list(both.channel.topics) == ["a", "b", "c"]
        # Nobody else is handed their batches: they would wait for an agent that there is not.
        assert [list(topic.topics) for topic in app.topics] == [["a", "b", "c"]]

        agent: Any = app.agent(both)(_do_nothing)
        assert list(agent.channel.topics) == ["a", "b", "c"]
        assert list(app.topics) == []

    in_app(tmp_path, work)


async def _do_nothing(batches: Any) -> None:
    """An agent."""


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (lambda base, table: base.join(A, within=1, table=table), "two fields"),
        (lambda base, table: base.join(A, A, within=1, table=table), "two topics"),
        (lambda base, table: base.join(A, B, within=(1, -2), table=table), "ends before"),
        (lambda base, table: base.join(A, B, within=1, grace=-1, table=table), "negative"),
        (lambda base, table: _one(base).join(A, B, within=1, table=table), "on a stream of ..a"),
        (lambda base, table: base.table_join(A, table), "on a stream of ..a., .b"),
        (lambda base, table: base & base.app.channel(), "no stream of topics"),
        (lambda base, table: base & table, "no stream of topics"),
        (lambda base, table: base & base.join(A, B, within=1, table=table), "combine streams"),
    ],
)
def test_what_cannot_work_is_refused_at_once(
    fault: Callable[[Any, Any], Any], says: str, tmp_path: Path
) -> None:
    def work(app: App) -> None:
        base, table = app.topic("a", "b").stream(), join_table(app, "rows")
        with pytest.raises(ConfigError, match=says):
            fault(base, table)

    in_app(tmp_path, work)


def _one(base: Any) -> Any:
    return base.app.topic("a").stream()


class Message:
    """Enough of a Kafka message for a batch that sends nothing."""

    def __init__(self, value: bytes) -> None:
        self._value = value

    def value(self) -> bytes:
        return self._value


def test_late_and_skipped_records_are_counted(tmp_path: Path) -> None:
    def work(app: App) -> None:
        left, right = (
            Field(
                topic=name,
                decode=lambda data: None if data == b"0" else int(data),
                key=lambda value: "key",
                time_ms=lambda value: value or 0,
            )
            for name in "ab"
        )
        base: Any = app.topic("a", "b").stream()
        table = join_table(app, "rows")
        join = base.join(left, right, within=0.01, table=table).join_strategy
        table.begin_restore(0)
        for texts in ((b"100", b"89", b"90", b"0"), (b"101", b"89")):
            messages: Any = [Message(text) for text in texts]
            producer: Any = app.round_producer
            batch = Batch("a", 0, messages, producer=producer, propagate=app.propagate)
            assert list(JoinedBatch(join, batch)) == []

        metrics = app.metrics.text().decode()
        assert 'join_late_records_total{table="rows"} 2.0' in metrics
        assert 'join_skipped_records_total{table="rows"} 1.0' in metrics
        # Those that may have partners still are rows, and so is the clock with the counts.
        assert set(table.rows(0)) == {"L1 key", "L2 key", "L3 key", "clock"}
        assert table.rows(0)["clock"].late == 2

    in_app(tmp_path, work)


def test_two_joins_cannot_share_a_table(tmp_path: Path) -> None:
    def work(app: App) -> None:
        table = join_table(app, "rows")
        base: Any = app.topic("a", "b").stream()
        first, second = (base.join(A, B, within=1, table=table) for _ in range(2))
        table.begin_restore(3)
        assert first.join_strategy.state(3) is first.join_strategy.state(3)
        with pytest.raises(ConfigError, match="two joins share table rows"):
            second.join_strategy.state(3)

    in_app(tmp_path, work)


@given(st.booleans(), st.booleans(), st.text(max_size=50), INT64, INT64, st.binary())
def test_a_stored_record_comes_back_from_its_bytes(
    is_left: bool, is_joined: bool, key: str, time_ms: int, number: int, data: bytes
) -> None:
    record = StoredRecord(is_left, key, time_ms, number, None, data)
    record.is_joined = is_joined

    back = decode_row(encode_row(record))

    assert isinstance(back, StoredRecord)
    names = ("is_left", "key", "time_ms", "number", "row_key", "data", "is_joined", "value")
    assert [getattr(back, name) for name in names] == [getattr(record, name) for name in names]


def test_the_clocks_come_back_from_their_bytes() -> None:
    clock = JoinClock(NEVER_MS, 5, 6, 7, 8)

    back = decode_row(encode_row(clock))

    assert isinstance(back, JoinClock)
    assert [getattr(back, name) for name in JoinClock.__slots__] == [NEVER_MS, 5, 6, 7, 8]


def test_a_row_of_a_newer_program_is_refused() -> None:
    with pytest.raises(ValueError, match="version 2"):
        decode_row(b"\2" + encode_row(JoinClock(0, 0, 0, 0, 0))[1:])


def test_a_row_takes_a_key_of_any_length() -> None:
    record = StoredRecord(True, "k" * 70_000, 5, 1, None, b"data")

    restored = decode_row(encode_row(record))

    assert isinstance(restored, StoredRecord)
    assert (restored.key, restored.data) == (record.key, b"data")
