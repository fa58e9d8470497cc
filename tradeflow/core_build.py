"""`python -m tradeflow.core_build`: compile the matching core with mypyc, and what is in C.

Where there is no C compiler, it says so and the pure core runs; nothing else depends on it.
"""

import argparse
import contextlib
import io
import os
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from tradeflow.compiled_core import (
    GROUP,
    IN_C,
    ROOT,
    STAMP,
    digest,
    extension_modules,
    modules,
    state,
)

if TYPE_CHECKING:
    from mypyc.build import Extension

SCRATCH = Path("build/core")
"""Kept between builds: what has not changed is not compiled again."""


class BuildError(Exception):
    """Why there is no compiled core."""


def build(root: Path, into: Path, opt_level: str) -> None:
    """Compile the core of `root`; the extension modules go below `into`."""
    sources = digest(root)
    _require_compiler()
    print("Compiling the matching core; this takes a minute the first time.", flush=True)
    said = io.StringIO()
    # The compilers' warnings are about code that is right; they matter where a build fails.
    with contextlib.chdir(root), contextlib.redirect_stdout(said):
        try:
            built = _compiled([*_translated(root, opt_level), *_in_c(opt_level)])
        except (Exception, SystemExit) as error:
            raise BuildError(f"{said.getvalue()}{error}") from error
    if digest(root) != sources:
        raise BuildError("the sources were edited meanwhile")
    # Without a stamp, what is half in place counts as stale.
    (into / STAMP).unlink(missing_ok=True)
    remove(into)
    for path in built:
        _put(path, into / path.relative_to(root / SCRATCH / "lib"))
    (into / STAMP).write_text(sources)


def remove(root: Path) -> None:
    """Take away what a build has put below `root`."""
    for path in extension_modules(root):
        path.unlink()
    (root / STAMP).unlink(missing_ok=True)


def _require_compiler() -> None:
    command = (sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(command) is None:
        raise BuildError(f"there is no C compiler ({command})")
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        raise BuildError("Python's header files are not installed")
    try:
        import mypyc  # noqa: F401
        import setuptools  # noqa: F401
    except ImportError as error:
        raise BuildError(f"{error.name} is not installed") from error


def _translated(root: Path, opt_level: str) -> "list[Extension]":
    """Python to C, by mypyc; it takes its settings from pyproject.toml."""
    from mypyc.build import mypycify

    return mypycify(
        [str(path.relative_to(root)) for path in modules(root)],
        opt_level=opt_level,
        debug_level="0",
        group_name=GROUP,
        target_dir=str(SCRATCH / "c"),
    )


def _in_c(opt_level: str) -> "list[Extension]":
    from setuptools import Extension

    return [
        Extension(
            ".".join(path.with_suffix("").parts),
            [str(path)],
            extra_compile_args=[f"-O{opt_level}"],
        )
        for path in IN_C
    ]


def _compiled(extensions: "list[Extension]") -> list[Path]:
    """C to extension modules, by setuptools without a project: pyproject.toml is not for it."""
    from setuptools import Distribution
    from setuptools.command.build_ext import build_ext

    command = build_ext(Distribution({"name": GROUP, "ext_modules": extensions}))
    command.build_lib = str(SCRATCH / "lib")
    command.build_temp = str(SCRATCH / "objects")
    command.parallel = os.cpu_count()
    command.ensure_finalized()
    command.run()
    return [Path(name).absolute() for name in command.get_outputs()]


def _put(path: Path, target: Path) -> None:
    """Copy by way of a new file: a process that runs keeps the library that it has loaded."""
    new = target.with_name(f"{target.name}.new")
    shutil.copyfile(path, new)
    new.replace(target)


def main(arguments: list[str] | None = None) -> int:
    """Build where that is needed; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tradeflow.core_build", description=__doc__)
    parser.add_argument("--into", type=Path, default=ROOT, help="where the packages are installed")
    parser.add_argument("--opt-level", choices="0123", default="3", help="the C compiler's -O")
    parser.add_argument("--required", action="store_true", help="fail where it cannot be compiled")
    options = parser.parse_args(arguments)
    if state(options.into) == "compiled" and digest(options.into) == digest(ROOT):
        return 0
    try:
        build(ROOT, options.into.absolute(), options.opt_level)
    except BuildError as error:
        # The pure core is slower and gives the same records; an old compiled one must not stay.
        remove(options.into)
        print(f"The matching core runs as pure Python: {error}", file=sys.stderr)
        return 1 if options.required else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
