"""The core gives the same records compiled: its tests and the twin's, over a compiled copy."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What the core's own tests and the twin's import.
COPIED = ("schemas", "streams", "tradeflow", "tests")
TESTS = (
    "tests/properties/test_matching_twin.py",
    "tests/properties/test_wallet_twin.py",
    "tests/streams/domain/test_market.py",
    "tests/streams/domain/test_three_stages.py",
    "tests/schemas/test_codec.py",
    "tests/schemas/test_compatibility.py",
    "tests/schemas/test_limits.py",
    "tests/schemas/test_native_codec.py",
    "tests/schemas/test_native_limits.py",
)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(
    shutil.which((sysconfig.get_config_var("CC") or "cc").split()[0]) is None,
    reason="needs a C compiler",
)
def test_the_compiled_core_gives_the_same_records(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in COPIED:
        sources = shutil.ignore_patterns("__pycache__", "*.so")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=sources)

    # What is compared comes from mypyc; the C compiler's own optimisation only takes time.
    _run("tradeflow.core_build", "--required", "--opt-level=0", cwd=tmp_path)
    said = _run("pytest", "-q", "-p", "no:cacheprovider", *TESTS, cwd=tmp_path)

    assert " passed" in said
    assert " failed" not in said


def _run(module: str, *arguments: str, cwd: Path) -> str:
    run = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=cwd,
        env={**os.environ, "TRADEFLOW_TEST_COMPILED": "1", "TRADEFLOW_TWIN_SEEDS": "6"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout
