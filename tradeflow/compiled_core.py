"""The core, the codec and the limits as they are imported here: in Python, or compiled.

`make compile` puts extension modules beside the sources, and Python prefers them.  They must never
run after an edit of the sources, so the build leaves a stamp with the digest of what it was made
from.
"""

import hashlib
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Literal

from tradeflow.errors import TradeflowError

State = Literal["pure", "compiled", "stale"]

ROOT = Path(__file__).parents[1]
CORE = Path("streams/domain")
STAMP = CORE / "compiled.stamp"
GROUP = "tradeflow_core"
"""The library that holds the code is `<GROUP>__mypyc`, beside the packages."""

IN_C = (Path("schemas/native_codec.c"), Path("schemas/native_limits.c"))
"""Modules written in C, each beside the Python that does the same without it."""

_SOURCES = (f"{CORE}/*.py", "schemas/*.py", *map(str, IN_C))
"""What the compilers read."""


def state(root: Path = ROOT) -> State:
    """What an import of the core gives; stale: extension modules that do not fit the sources."""
    built = extension_modules(root)
    if not built:
        return "pure"
    try:
        stamp = (root / STAMP).read_text()
    except OSError:
        return "stale"
    is_whole = {_module(path) for path in built} == {
        *(path.stem for path in modules(root)),
        *(path.stem for path in IN_C),
        f"{GROUP}__mypyc",
    }
    return "compiled" if is_whole and stamp == digest(root) else "stale"


def in_words(root: Path = ROOT) -> str:
    """The state, for logs and figures."""
    return {"pure": "pure Python", "compiled": "compiled", "stale": "stale"}[state(root)]


def require_no_stale_core(root: Path = ROOT) -> None:
    """Raise where extension modules would run that were made from other sources."""
    if state(root) == "stale":
        from streams.transport.errors import ExitCode

        raise TradeflowError(
            "The compiled matching core was made from other sources.",
            remedy="Run make compile or make clean-compiled.",
            exit_code=ExitCode.CONFIG,
        )


def modules(root: Path) -> list[Path]:
    """The modules of the core, without the package's own."""
    return sorted(path for path in (root / CORE).glob("*.py") if path.stem != "__init__")


def extension_modules(root: Path) -> list[Path]:
    """What was built for this interpreter: the core, the library behind it, and what is in C."""
    in_c = [built for path in IN_C for built in (root / path).parent.glob(f"{path.stem}.*")]
    found = [*(root / CORE).iterdir(), *in_c, *root.glob(f"{GROUP}__mypyc.*")]
    return [path for path in found if path.name.removeprefix(_module(path)) in EXTENSION_SUFFIXES]


def digest(root: Path) -> str:
    """A digest of the sources that the compiler reads."""
    known = hashlib.sha256()
    for pattern in _SOURCES:
        for path in sorted(root.glob(pattern)):
            known.update(f"{path.name}\0".encode() + path.read_bytes() + b"\0")
    return known.hexdigest()


def _module(path: Path) -> str:
    return path.name.partition(".")[0]
