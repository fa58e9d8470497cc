"""Rules of the house that the linters cannot say, and a proof that the import contracts bite."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_PACKAGES = ("tradeflow", "streams", "schemas", "bench", "connectors", "web")
_FOLDERS = (*_PACKAGES, "tests")

_MAX_FILE_LINES = 400
_MAX_FUNCTION_LINES = 60
_VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
# Put together here, so that this file does not break its own rule.
_UNFINISHED = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "NotImplemented" + "Error")))
_MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|Users|work|mnt|private)/")

_CONTRACTS = tomllib.loads((_ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]
# One import per contract that must not be: where it is put, and what it says.
_VIOLATIONS = {
    "pure-core": ("streams/domain", "import faust"),
    "transport-library": ("streams/transport", "import schemas"),
    "joins-library": ("streams/joins", "import schemas"),
    "streams-downwards": ("streams/transport", "import streams.domain"),
    "schemas-at-the-bottom": ("schemas", "import streams"),
    "parts-meet-on-topics": ("streams", "import tradeflow.cli"),
    "connectors-meet-on-topics": ("connectors", "import streams.settings"),
    "connectors-are-processes": ("tradeflow", "import connectors.runner"),
    "web-meets-on-topics": ("web", "import streams.settings"),
    "gateway-is-a-process": ("tradeflow", "import web.server"),
}


def _python_files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((_ROOT / folder).rglob("*.py"))


def _named(path: Path) -> str:
    return str(path.relative_to(_ROOT))


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_no_file_is_too_long_to_hold_in_mind() -> None:
    lengths = {
        _named(path): len(path.read_text().splitlines()) for path in _python_files(*_FOLDERS)
    }

    assert {name: n for name, n in lengths.items() if n > _MAX_FILE_LINES} == {}


def test_no_function_is_too_long_to_see_at_once() -> None:
    too_long = [
        f"{_named(path)}:{function.lineno} {function.name}"
        for path in _python_files(*_FOLDERS)
        for function in _functions(path)
        if (function.end_lineno or 0) - function.lineno + 1 > _MAX_FUNCTION_LINES
    ]

    assert too_long == []


def test_nothing_is_left_unfinished() -> None:
    assert _lines_that_match(_UNFINISHED) == []


def test_no_path_of_a_developers_machine_is_written_down() -> None:
    assert _lines_that_match(_MACHINE_PATH) == []


def _lines_that_match(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{_named(path)}:{number} {line.strip()}"
        for path in _python_files(*_FOLDERS)
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if path != Path(__file__) and pattern.search(line)
    ]


def test_every_module_is_named_after_its_idea() -> None:
    vague = [
        _named(path)
        for path in _python_files(*_PACKAGES)
        if _VAGUE_NAMES & {path.stem, path.parent.name}
    ]

    assert vague == []


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        pytest.param("streams/domain", {"streams.domain", "schemas"}, id="the core"),
        pytest.param("schemas", {"schemas", "fastavro"}, id="schemas"),
    ],
)
def test_a_package_at_the_bottom_imports_little(package: str, allowed: set[str]) -> None:
    """The contracts forbid by name; this finds a library that nobody thought of."""
    strangers = [
        f"{_named(path)}: {module}"
        for path in _python_files(package)
        for module in _imported_modules(path)
        if module.partition(".")[0] not in sys.stdlib_module_names
        and not any(module == name or module.startswith(f"{name}.") for name in allowed)
    ]

    assert strangers == []


def _imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        # A relative import stays inside the package or is caught by the contracts.
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
            yield node.module


@pytest.fixture(scope="module")
def copied_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("tree")
    shutil.copy(_ROOT / "pyproject.toml", tree)
    for package in _PACKAGES:
        if (_ROOT / package).exists():
            shutil.copytree(
                _ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__")
            )
    return tree


def _broken_contracts(tree: Path) -> list[str]:
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tree,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    # Names are wrapped over lines and end with the verdict.
    flat = " ".join(run.stdout.split())
    broken = [c["id"] for c in _CONTRACTS if f"{c['name']} BROKEN" in flat]
    kept = [c["id"] for c in _CONTRACTS if f"{c['name']} KEPT" in flat]
    assert len(broken) + len(kept) == len(_CONTRACTS), run.stdout + run.stderr
    assert (run.returncode != 0) == bool(broken)
    return broken


def test_every_import_contract_has_its_violation() -> None:
    assert set(_VIOLATIONS) == {contract["id"] for contract in _CONTRACTS}


def test_the_tree_keeps_its_import_contracts(copied_tree: Path) -> None:
    assert _broken_contracts(copied_tree) == []


@pytest.mark.parametrize("contract", _VIOLATIONS)
def test_an_import_that_must_not_be_breaks_its_contract(contract: str, copied_tree: Path) -> None:
    package, forbidden_import = _VIOLATIONS[contract]
    intruder = copied_tree / package / "intruder.py"
    intruder.write_text(f"{forbidden_import}\n")
    try:
        assert contract in _broken_contracts(copied_tree)
    finally:
        intruder.unlink()
