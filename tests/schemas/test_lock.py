"""Publishing schema versions: what the lock file keeps, and what the command refuses."""

import json
from pathlib import Path

import pytest

from schemas import lock as lock_module
from schemas.avro import fingerprint
from schemas.lock import main, problems, publish, shared_records, unpublished, write_lock
from schemas.registry import read_lock, read_schemas
from tests.schemas.test_compatibility import MAY, OLD, add, both, changed, remove


def test_the_schemas_in_the_tree_are_published_and_break_nothing() -> None:
    schemas, lock = read_schemas(), read_lock()
    assert problems(schemas, lock, shared_records()) == []
    assert unpublished(schemas, lock) == []
    assert main(["--check"]) == 0


def test_no_id_is_used_twice_and_fingerprints_are_right() -> None:
    every = [version for versions in read_lock().values() for version in versions]
    assert len({version.id for version in every}) == len(every)
    assert all(fingerprint(version.schema) == version.fingerprint for version in every)
    for versions in read_lock().values():
        assert [version.version for version in versions] == list(range(1, len(versions) + 1))


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one published schema, that the command works in."""
    lock = tmp_path / "lock.json"
    monkeypatch.setattr(lock_module, "LOCK_FILE", lock)
    monkeypatch.setattr(lock_module, "read_lock", lambda: read_lock(lock))
    monkeypatch.setattr(lock_module, "read_schemas", lambda: read_schemas(tmp_path))
    monkeypatch.setattr(lock_module, "shared_records", lambda: {"Sample"})
    put(tmp_path, OLD)
    assert main(["--check"]) == 1
    assert main(["--write"]) == 0
    return tmp_path


def put(tree: Path, schema: object) -> None:
    (tree / "Sample.avsc").write_text(json.dumps(schema))


def test_a_compatible_change_gets_a_new_id(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tree, changed(MAY["a field with a default"]))
    assert main(["--check"]) == 1
    assert "Sample.avsc has changed" in capsys.readouterr().err
    assert main(["--write"]) == 0
    assert main(["--check"]) == 0
    first, second = read_lock(tree / "lock.json")["Sample"]
    assert (first.id, first.version, first.schema) == (1, 1, OLD)
    assert (second.id, second.version) == (2, 2)


def test_a_new_doc_changes_nothing(tree: Path) -> None:
    before = (tree / "lock.json").read_text()
    put(tree, changed(MAY["a doc"]))
    assert main(["--write"]) == 0
    assert (tree / "lock.json").read_text() == before


def test_a_breaking_change_is_refused(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (tree / "lock.json").read_text()
    put(tree, changed(remove("key")))
    for mode in ("--check", "--write"):
        assert main([mode]) == 1
        assert "Sample.key: without a default" in capsys.readouterr().err
    assert (tree / "lock.json").read_text() == before


def test_a_removed_record_is_refused(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "Sample.avsc").unlink()
    assert main(["--write"]) == 1
    assert "Sample: the record may not be removed" in capsys.readouterr().err


def test_every_version_counts_not_only_the_last(tree: Path) -> None:
    put(tree, changed(remove("extra")))
    assert main(["--write"]) == 0
    put(tree, changed(both(remove("extra"), add("extra", "string", default=""))))
    assert main(["--write"]) == 1


def test_a_field_is_replaced_in_two_steps(tree: Path) -> None:
    put(tree, changed(add("more", "long", default=0)))
    assert main(["--write"]) == 0
    put(tree, changed(both(remove("extra"), add("more", "long", default=0))))
    assert main(["--write"]) == 0
    assert [version.id for version in read_lock(tree / "lock.json")["Sample"]] == [1, 2, 3]


def test_a_written_lock_is_read_back(tmp_path: Path) -> None:
    lock = publish(read_schemas(), {})
    write_lock(lock, tmp_path / "lock.json")
    assert read_lock(tmp_path / "lock.json") == lock
