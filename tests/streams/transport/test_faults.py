"""What a slot remembers of faults, from process to process."""

from pathlib import Path

import pytest
from faust.types import TP

from streams.transport.faults import FaultRecord

AT = TP("orders", 3)


def test_faults_at_a_record_are_counted_over_restarts_each_for_itself(tmp_path: Path) -> None:
    counts = [
        FaultRecord(tmp_path).count(f"orders/{partition}/7", (TP("orders", partition), 7))
        for _ in range(3)
        for partition in (3, 1)
    ]

    assert counts == [1, 1, 2, 2, 3, 3]
    assert FaultRecord(tmp_path).count("orders/3/9", (AT, 9)) == 1


def test_only_a_commit_past_the_record_ends_its_fault(tmp_path: Path) -> None:
    FaultRecord(tmp_path).count("orders/3/7", (AT, 7))
    faults = FaultRecord(tmp_path)
    faults.begin({AT: 5}, most=5)

    faults.committed({TP("orders", 1): 100, AT: 7})
    assert faults.count("orders/3/7", (AT, 7)) == 2
    faults.committed({AT: 8})
    assert faults.count("orders/3/7", (AT, 7)) == 1


def test_processes_that_end_where_they_began_are_counted(tmp_path: Path) -> None:
    begun = [FaultRecord(tmp_path).begin({AT: 7}, most=3) for _ in range(4)]

    assert begun[:3] == [None] * 3
    assert begun[3] is not None
    assert begun[3].startswith("orders/3/7 ")
    # Started again, by somebody who has looked, it may try once more.
    assert FaultRecord(tmp_path).begin({AT: 7}, most=3) is None
    assert FaultRecord(tmp_path).begin({AT: 7}, most=3) is not None


def test_a_commit_or_an_excuse_ends_the_count_of_beginnings(tmp_path: Path) -> None:
    for end in (lambda faults: faults.committed({AT: 8}), FaultRecord.excuse):
        for _ in range(5):
            faults = FaultRecord(tmp_path)
            assert faults.begin({AT: 7}, most=2) is None
            end(faults)
        assert not list(tmp_path.iterdir())


def test_the_oldest_of_too_many_faults_are_forgotten(tmp_path: Path) -> None:
    faults = FaultRecord(tmp_path)
    for offset in range(101):
        faults.count(f"orders/3/{offset}", (AT, offset))

    assert faults.count("orders/3/1", (AT, 1)) == 2
    assert faults.count("orders/3/0", (AT, 0)) == 1


@pytest.mark.parametrize("memory", ['{"position": ', "[]", '{"a": 1}', '{"a": [1, "t", 2]}'])
def test_a_damaged_memory_of_faults_begins_anew(tmp_path: Path, memory: str) -> None:
    (tmp_path / "faults.json").write_text(memory)

    assert FaultRecord(tmp_path).count("orders/3/7", (AT, 7)) == 1
