"""What a clean check leaves, for the next one to go on from."""

import gzip
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException, TopicCollection

from tradeflow.topic_reader import Topics, broker_error

VERSION = 2
_TIMEOUT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class LogIdentity:
    """Which log it is: a topic that was made again has the same name and another id."""

    cluster: str
    topics: dict[str, str]


@dataclass(slots=True, kw_only=True)
class Checkpoint:
    """Positions, and the state of the checks at them."""

    identity: LogIdentity
    starts: dict[str, int]
    """``topic/partition`` -> the first record that the next check must read."""
    state: dict[str, Any]
    figures: dict[str, dict[str, int]] = field(default_factory=dict)
    """All that was ever looked at, by invariant."""


def identity_of(topics: Topics, names: Iterable[str]) -> LogIdentity:
    """The identity of the log that the broker has now."""
    try:
        cluster = topics.admin.list_topics(timeout=_TIMEOUT_SECONDS).cluster_id
        described = topics.admin.describe_topics(
            TopicCollection(list(names)), request_timeout=_TIMEOUT_SECONDS
        )
        ids = {name: str(future.result().topic_id) for name, future in described.items()}
    except KafkaException as error:
        raise broker_error(error) from error
    return LogIdentity(cluster or "", ids)


class CheckpointFile:
    """One file for one log, written whole or not at all."""

    def __init__(self, folder: Path, identity: LogIdentity) -> None:
        self._file = folder / "checkpoint.json.gz"
        self.identity = identity

    def read(self) -> tuple[Checkpoint | None, str]:
        """The checkpoint, or none and the reason."""
        try:
            with gzip.open(self._file, "rt") as file:
                kept: Any = json.load(file)
            if kept["version"] != VERSION:
                return None, "the checkpoint is another version's"
            identity = LogIdentity(**kept["identity"])
            if identity != self.identity:
                return None, "the checkpoint is of another log (a topic was made again)"
            return (
                Checkpoint(
                    identity=identity,
                    starts=dict(kept["starts"]),
                    state=kept["state"],
                    figures=kept["figures"],
                ),
                "",
            )
        except FileNotFoundError:
            return None, ""
        except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError):
            return None, "the checkpoint cannot be read"

    def write(self, checkpoint: Checkpoint) -> None:
        """Put it in the place of the last one."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".new")
        whole: Mapping[str, Any] = {"version": VERSION, **asdict(checkpoint)}
        with gzip.open(fresh, "wt", compresslevel=1) as file:
            json.dump(whole, file, separators=(",", ":"))
        with fresh.open("rb") as written:
            os.fsync(written.fileno())
        fresh.replace(self._file)
