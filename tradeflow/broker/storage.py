"""Kafka's storage folder: formatted once, before the first start, and never again."""

import base64
import shutil
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path

from tradeflow.broker.last_words import java_refusal
from tradeflow.broker.server_properties import server_properties
from tradeflow.errors import TradeflowError

_FORMAT_TIMEOUT_SECONDS = 60


def ensure_formatted(log_dir: Path, *, java_command: Sequence[str]) -> None:
    """Format `log_dir` unless that was done before.

    `java_command` runs a main class of Kafka's. Formatting happens beside the folder and ends
    with a rename, so that an interrupted one leaves nothing half done. Takes 1.5 s, once.
    """
    if not log_dir.exists():
        fresh = log_dir.with_name(log_dir.name + ".formatting")
        shutil.rmtree(fresh, ignore_errors=True)
        _format(fresh, java_command=java_command)
        fresh.rename(log_dir)


def _format(log_dir: Path, *, java_command: Sequence[str]) -> None:
    config = log_dir.with_suffix(".properties")
    # The ports are not kept in the folder: any will do here.
    config.write_text(
        server_properties(host="127.0.0.1", port=1, controller_port=2, log_dir=log_dir)
    )
    result = subprocess.run(
        [*java_command, "kafka.tools.StorageTool", "format"]
        + ["--cluster-id", _new_cluster_id(), "--config", str(config)],
        capture_output=True,
        text=True,
        timeout=_FORMAT_TIMEOUT_SECONDS,
        check=False,
    )
    config.unlink()
    if result.returncode != 0:
        refusal = java_refusal(result.stdout + result.stderr)
        said = (result.stderr or result.stdout).strip().splitlines() or ["no reason given"]
        raise refusal or TradeflowError(
            f"Kafka could not prepare its folder {log_dir.parent}: {said[0]}.",
            remedy="Set TRADEFLOW_BROKER_DATA_DIR to another folder.",
        )


def _new_cluster_id() -> str:
    """As Kafka makes them: 16 random bytes; it refuses one with a dash in front."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text


def cluster_id_of(log_dir: Path) -> str:
    """The id that a formatted folder's cluster answers with."""
    try:
        lines = (log_dir / "meta.properties").read_text().splitlines()
    except OSError as error:
        raise TradeflowError(
            f"{log_dir} is not a folder of Kafka's: {error.strerror}.",
            remedy="Remove it, or set TRADEFLOW_BROKER_DATA_DIR to another folder.",
        ) from error
    properties = dict(line.split("=", 1) for line in lines if "=" in line)
    return properties["cluster.id"]
