"""The checks find what is wrong with a log, and nothing wrong with an honest one."""

import json
from collections.abc import Iterable
from typing import Any

import pytest

from schemas.codec import decode
from schemas.topics import (
    MATCHING_DEAD_LETTERS,
    ORDERBOOK_UPDATES,
    ORDERS_EXECUTIONS,
    TRADES,
)
from tests.simulation.workload import HOSTILE, REALISTIC, Profile
from tests.tradeflow.checking.made_log import COUNTS, RECORD_OF_KEY, Falsify, made_log, violated
from tradeflow.checking.audit import LogAudit
from tradeflow.checking.matching.rerun import CHANGELOG
from tradeflow.topic_reader import Partition, Record

REPORTS = ORDERS_EXECUTIONS.name
LETTERS = MATCHING_DEAD_LETTERS.name
UPDATES = ORDERBOOK_UPDATES.name


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("profile", [REALISTIC, HOSTILE], ids=["realistic", "hostile"])
def test_an_honest_log_holds_however_its_partitions_are_mixed(profile: Profile, seed: int) -> None:
    log = made_log(600, profile, seed=seed)

    audit = log.audit(seed=seed)

    assert [each.first for each in audit.findings] == [[]] * 8
    asked = [record for partition in log.ends() for record in log.records[partition]]
    assert audit.found.outcomes.figures["records"] == sum(not record.is_tick for record in asked)
    assert audit.matching.pairing.open_commands == 0
    assert sum(audit.matching.pairing.early_outputs().values()) == 0


def test_a_tick_that_does_not_go_on_to_the_trades_is_missed() -> None:
    log = made_log(600, HOSTILE, seed=0)
    log.falsify(TRADES.name, lambda record, _: [] if record.is_tick else [None])

    audit = log.audit(seed=0)

    assert {each.invariant for each in audit.findings if each.first} == {"I6"}


class Once:
    """Falsifies one record, the nth of those that it is meant for."""

    def __init__(self, change: Falsify, *, nth: int = 5, **wanted: Any) -> None:
        self._change = change
        self._nth = nth
        self._wanted = wanted

    def __call__(self, record: Record, value: dict[str, Any]) -> Iterable[Any]:
        if all(value[name] == wish for name, wish in self._wanted.items()):
            self._nth -= 1
            if self._nth == 0:
                return self._change(record, value)
        return [None]


def doubled(_record: Record, _value: dict[str, Any]) -> Iterable[Any]:
    return [None, None]


def missing(_record: Record, _value: dict[str, Any]) -> Iterable[Any]:
    return []


def with_field(name: str, by: int, kind: str) -> Falsify:
    def change(_record: Record, value: dict[str, Any]) -> Iterable[Any]:
        return [(kind, {**value, name: value[name] + by})]

    return change


def crossed(_record: Record, value: dict[str, Any]) -> Iterable[Any]:
    level = {"price_ticks": 5_000_000, "quantity_lots": 7}
    return [("DepthUpdate", {**value, "bids": [level], "asks": []})]


def not_a_report(_record: Record, value: dict[str, Any]) -> Iterable[Any]:
    return [None, ("Tick", {"time_ms": 1})]


@pytest.mark.parametrize(
    ("topic", "change", "invariants", "says"),
    [
        pytest.param(
            REPORTS, Once(doubled), {"I2", "I5", "I6"}, "", id="a doubled execution report"
        ),
        pytest.param(
            REPORTS,
            Once(doubled, execution_type="TRADE"),
            {"I2", "I5", "I6"},
            "",
            id="a doubled fill",
        ),
        pytest.param(
            REPORTS,
            Once(missing, execution_type="NEW"),
            {"I2", "I5", "I6"},
            "has no answer",
            id="a command without its answer",
        ),
        pytest.param(
            REPORTS,
            Once(with_field("price_ticks", 1, "ExecutionReport"), execution_type="NEW"),
            {"I6"},
            "price_ticks is",
            id="an altered price of an order",
        ),
        pytest.param(
            REPORTS,
            Once(with_field("leaves_quantity_lots", 1, "ExecutionReport"), execution_type="TRADE"),
            {"I5", "I6"},
            "is not the original",
            id="quantities that do not add up",
        ),
        pytest.param(
            REPORTS, Once(not_a_report), {"I6"}, "Tick does not belong here", id="a strange record"
        ),
        pytest.param(
            TRADES.name, Once(missing), {"I5", "I6"}, "but no such trade", id="a missing trade"
        ),
        pytest.param(
            TRADES.name,
            Once(with_field("price_ticks", 1, "Trade")),
            {"I5", "I6"},
            "price or quantity is not that of fill",
            id="an altered price of a trade",
        ),
        pytest.param(TRADES.name, Once(doubled), {"I5", "I6"}, "trade ", id="a doubled trade"),
        pytest.param(
            UPDATES, Once(crossed, nth=60), {"I5", "I6"}, "is crossed", id="a crossed depth update"
        ),
        pytest.param(UPDATES, Once(missing), {"I5", "I6"}, "follows", id="a missing depth update"),
        pytest.param(LETTERS, Once(doubled, nth=1), {"I2"}, "dead letter", id="a doubled letter"),
        pytest.param(
            LETTERS, Once(missing, nth=1), {"I2"}, "has no dead letter", id="a missing letter"
        ),
        pytest.param(
            LETTERS,
            Once(lambda _, v: [("DeadLetter", {**v, "value": b"x"})], nth=1),
            {"I2"},
            "is not what its dead letter",
            id="a letter with other bytes",
        ),
    ],
)
def test_a_falsified_log_is_found_by_the_right_invariants(
    topic: str, change: Falsify, invariants: set[str], says: str
) -> None:
    log = made_log()
    log.falsify(topic, change)

    findings = log.audit(seed=3).findings

    assert violated(findings) == invariants
    texts = [violation.text for each in findings for violation in each.first]
    assert any(says in text for text in texts), texts


def test_a_command_that_is_both_answered_and_a_dead_letter_is_found() -> None:
    log = made_log()
    letter = log.records[Partition(LETTERS, 0)][0]
    command = next(iter(log.records[Partition(REPORTS, 0)]))
    log.records[Partition(LETTERS, 0)].append(letter._replace(offset=1, headers=command.headers))

    findings = log.audit().findings

    assert "I2" in violated(findings)


def test_an_output_that_no_command_caused_is_found() -> None:
    log = made_log()
    trades = next(each for tp, each in log.records.items() if tp.topic == TRADES.name)
    trades.append(trades[-1]._replace(offset=len(trades), headers=()))

    findings = log.audit().findings

    assert violated(findings) == {"I6"}
    assert findings[5].first[0].text == "nothing in orders.incoming caused this record"


@pytest.mark.parametrize("kind", RECORD_OF_KEY)
@pytest.mark.parametrize("how", ["changed", "missing", "too many"])
def test_a_wrong_row_is_found(kind: str, how: str) -> None:
    log = made_log()
    tables = log.tables()
    number, key, value = next(
        (number, key, value)
        for number, rows in tables.items()
        for key, value in rows.items()
        if decode(value)[0] == kind
    )
    rows = tables[number]
    if how == "missing":
        del rows[key]
    elif how == "too many":
        rows[f"{key}0"] = value
    else:
        # The last byte of each row is of its last number.
        rows[key] = value[:-1] + bytes([value[-1] ^ 2])

    findings = log.audit(tables=tables).findings

    assert violated(findings) == {"I6"}
    assert f"-book-changelog/{number} {key}" in findings[5].first[0].position


class TestGoingOnFromACheckpoint:
    def test_it_is_as_if_all_had_been_read_at_once(self) -> None:
        log, first = self._half()
        state = json.loads(json.dumps(first.to_state(self.read_to)))
        whole = log.audit()

        second = LogAudit(log.instruments, COUNTS, log.ends())
        second.load(state)
        for record in log.interleaved(5, self.starts):
            second.take(record)
        second.finish({CHANGELOG: log.tables()})

        assert [each.first for each in second.findings] == [[]] * 8
        assert second.state_hashes() == whole.state_hashes()

    def test_an_old_command_that_is_answered_again_later_is_found(self) -> None:
        log, first = self._half()
        old = log.records[Partition(REPORTS, 2)][0]
        log.records[Partition(REPORTS, 2)].append(
            old._replace(offset=len(log.records[Partition(REPORTS, 2)]))
        )

        second = LogAudit(log.instruments, COUNTS, log.ends())
        second.load(first.to_state(self.read_to))
        for record in log.interleaved(5, self.starts):
            second.take(record)
        second.finish({})

        assert violated(second.findings) == {"I2", "I5", "I6"}

    def _half(self) -> tuple[Any, LogAudit]:
        """A log, and an audit up to a cut in its middle that read outputs beyond the cut."""
        log = made_log(800)
        self.cut = {number: end // 2 for number, end in log.ends().items()}
        audit = LogAudit(log.instruments, COUNTS, self.cut)
        for record in log.interleaved(2):
            audit.take(record)
        audit.finish({})
        assert violated(audit.findings) == set()
        self.read_to = {tp: len(records) for tp, records in log.records.items()}
        self.starts = audit.resume(self.read_to)
        return log, audit
