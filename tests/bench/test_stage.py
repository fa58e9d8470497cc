"""What the stage benchmark compares by: the outputs that must come, and the rule of time."""

import zlib
from pathlib import Path

import pytest

from bench.flow import Flow, bench_instruments
from bench.kafka import encoded
from bench.rivals.work import OUTPUTS, Matching, output_headers
from bench.stage import shares_per_second, what_comes_out
from streams.transport.headers import propagate


def test_rivals_do_the_work_that_is_expected(tmp_path: Path) -> None:
    rules = bench_instruments(tmp_path)
    flow = Flow(rules, resting=80)
    commands = flow.fill() + flow.take(300)
    rival = Matching(tmp_path / "instruments.json")

    counts, digests = dict.fromkeys(OUTPUTS, 0), dict.fromkeys(OUTPUTS, 0)
    rows = {}
    for command in commands:
        symbol, outputs = rival.apply(encoded(command)["value"], [])
        for output in outputs:
            counts[output.topic] += 1
            digests[output.topic] += zlib.crc32(output.value)
        rows |= dict(rival.take_rows(symbol))

    expected = what_comes_out(commands, rules)
    assert {topic: (counts[topic], digests[topic] % 2**64) for topic in OUTPUTS} == expected
    assert sum(row is not None for row in rows.values()) == sum(
        flow.resting_in(symbol) for symbol in rules
    )


class Record:
    """Enough of a Kafka message for headers to be made from."""

    def __init__(self, headers: list[tuple[str, bytes]] | None) -> None:
        self._headers = headers

    def topic(self) -> str:
        return "orders.incoming"

    def partition(self) -> int:
        return 2

    def offset(self) -> int:
        return 17

    def timestamp(self) -> tuple[int, int]:
        return 1, 1_760_000_000_000

    def headers(self) -> list[tuple[str, bytes]] | None:
        return self._headers


@pytest.mark.parametrize(
    "received",
    [
        None,
        [("correlation-id", b"c"), ("actor", b"a"), ("event-time", b"1"), ("other", b"o")],
    ],
)
def test_rivals_send_the_headers_that_the_worker_sends(
    received: list[tuple[str, bytes]] | None,
) -> None:
    headers = output_headers(received, "orders.incoming/2/17", 1_760_000_000_000)

    assert headers == propagate(Record(received), b"orders.incoming/2/17")  # type: ignore[arg-type]


def test_time_is_taken_from_the_steady_part() -> None:
    slow_start, steady, slow_end = range(0, 40_000, 2_000), range(40_000, 48_000, 100), [90_000]

    assert shares_per_second([*slow_start, *steady, *slow_end]) == pytest.approx(10 / 101, rel=0.03)
