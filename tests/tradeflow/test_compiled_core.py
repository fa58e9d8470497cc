"""A compiled core that does not fit its sources never runs."""

import shutil
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.transport.errors import ExitCode
from tradeflow import cli, compiled_core, core_build
from tradeflow.compiled_core import CORE, GROUP, IN_C, STAMP, digest, modules, state
from tradeflow.errors import TradeflowError

_SUFFIX = EXTENSION_SUFFIXES[0]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The sources, and files that stand where a build puts its own."""
    for package in (CORE, Path("schemas")):
        sources = shutil.ignore_patterns("__pycache__", "*.so")
        shutil.copytree(compiled_core.ROOT / package, tmp_path / package, ignore=sources)
    for path in modules(tmp_path):
        path.with_name(path.stem + _SUFFIX).touch()
    (tmp_path / f"{GROUP}__mypyc{_SUFFIX}").touch()
    for path in IN_C:
        (tmp_path / path).with_suffix(_SUFFIX).touch()
    (tmp_path / STAMP).write_text(digest(tmp_path))
    return tmp_path


def test_a_whole_build_of_these_sources_is_compiled(tree: Path) -> None:
    assert state(tree) == "compiled"
    compiled_core.require_no_stale_core(tree)


def test_sources_alone_are_pure(tree: Path) -> None:
    core_build.remove(tree)

    assert state(tree) == "pure"
    assert not (tree / STAMP).exists()
    assert modules(tree)


def test_modules_for_another_interpreter_are_none(tree: Path) -> None:
    for path in compiled_core.extension_modules(tree):
        path.rename(path.with_name(path.name.replace(_SUFFIX, ".cpython-27-of-old.so")))

    assert state(tree) == "pure"


@pytest.mark.parametrize("name", ["streams/domain/order.py", "schemas/records.py", *map(str, IN_C)])
def test_an_edit_makes_it_stale(tree: Path, name: str) -> None:
    with (tree / name).open("a") as file:
        file.write("\n")

    assert state(tree) == "stale"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(str(STAMP), id="the stamp"),
        pytest.param(f"streams/domain/order{_SUFFIX}", id="one module"),
        pytest.param(f"{GROUP}__mypyc{_SUFFIX}", id="the library"),
        *(pytest.param(str(path.with_suffix(_SUFFIX)), id=path.stem) for path in IN_C),
    ],
)
def test_half_a_build_is_stale(tree: Path, name: str) -> None:
    (tree / name).unlink()

    assert state(tree) == "stale"


def test_a_module_without_its_source_is_stale(tree: Path) -> None:
    (tree / CORE / "order.py").unlink()

    assert state(tree) == "stale"


def test_no_command_runs_on_a_stale_core(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree / STAMP).write_text("of other sources")
    monkeypatch.setattr(cli, "require_no_stale_core", lambda: _require_in(tree))

    result = CliRunner().invoke(cli.app, ["worker", "matching"])

    assert isinstance(result.exception, TradeflowError)
    assert result.exception.exit_code == ExitCode.CONFIG
    assert "make compile or make clean-compiled" in str(result.exception)


def _require_in(tree: Path) -> None:
    compiled_core.require_no_stale_core(tree)


def test_without_a_c_compiler_the_pure_core_runs(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / STAMP).write_text("of other sources")
    monkeypatch.setenv("PATH", str(tree))

    assert core_build.main(["--into", str(tree)]) == 0
    assert state(tree) == "pure"
    assert "runs as pure Python: there is no C compiler" in capsys.readouterr().err
    assert core_build.main(["--into", str(tree), "--required"]) == 1


def test_what_is_built_already_is_not_built_again(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tree))

    assert core_build.main(["--into", str(tree), "--required"]) == 0
    assert capsys.readouterr() == ("", "")


def test_pytest_refuses_a_core_that_it_was_not_asked_to_test(tmp_path: Path) -> None:
    for package in ("tests", "connectors", "tradeflow", "streams", "schemas"):
        sources = shutil.ignore_patterns("__pycache__", "*.so")
        shutil.copytree(compiled_core.ROOT / package, tmp_path / package, ignore=sources)
    shutil.copy(compiled_core.ROOT / "pyproject.toml", tmp_path)
    (tmp_path / f"{GROUP}__mypyc{_SUFFIX}").touch()
    (tmp_path / IN_C[0]).with_suffix(_SUFFIX).touch()

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert "the matching core is stale" in run.stderr
    assert "make clean-compiled" in run.stderr
