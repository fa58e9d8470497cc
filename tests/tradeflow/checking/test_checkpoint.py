"""Checkpoints are taken up by the log that they are of, and by no other."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from tradeflow.checking.checkpoint import Checkpoint, CheckpointFile, LogIdentity

_LOG = LogIdentity("cluster", {"orders.incoming": "id-1", "trades": "id-2"})
_CHECKPOINT = Checkpoint(
    identity=_LOG,
    starts={"orders.incoming/0": 17, "trades/0": 5},
    state={"books": {}, "engine": {"0": {"book": {}}}},
    figures={"I2": {"records": 17}},
)


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    CheckpointFile(tmp_path / "check", _LOG).write(_CHECKPOINT)

    assert CheckpointFile(tmp_path / "check", _LOG).read() == (_CHECKPOINT, "")


def test_without_a_checkpoint_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert CheckpointFile(tmp_path, _LOG).read() == (None, "")


@pytest.mark.parametrize(
    "other",
    [
        replace(_LOG, cluster="another"),
        replace(_LOG, topics={**_LOG.topics, "trades": "made-again"}),
    ],
    ids=["another cluster", "a topic that was made again"],
)
def test_the_checkpoint_of_another_log_is_not_used(tmp_path: Path, other: LogIdentity) -> None:
    CheckpointFile(tmp_path, _LOG).write(_CHECKPOINT)

    checkpoint, why = CheckpointFile(tmp_path, other).read()

    assert checkpoint is None
    assert "another log" in why


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", *(gzip.compress(text, mtime=0) for text in (b"{", b"[]", b'{"version": 2}'))],
)
def test_a_broken_file_is_not_used(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "checkpoint.json.gz").write_bytes(content)

    checkpoint, why = CheckpointFile(tmp_path, _LOG).read()

    assert checkpoint is None
    assert why == "the checkpoint cannot be read"


def test_another_versions_file_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.json.gz").write_bytes(
        gzip.compress(json.dumps({"version": 0}).encode())
    )

    checkpoint, why = CheckpointFile(tmp_path, _LOG).read()

    assert checkpoint is None
    assert "version" in why
