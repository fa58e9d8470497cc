"""`tradeflow topics` shows the whole catalogue."""

import subprocess
import sys
from pathlib import Path

from schemas.topics import TOPICS


def test_every_topic_is_one_line_of_a_pipe(tmp_path: Path) -> None:
    run = subprocess.run(
        [Path(sys.executable).with_name("tradeflow"), "topics"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    lines = {line.split()[0]: line for line in run.stdout.splitlines() if line.strip()}
    for topic in TOPICS:
        assert all(value in lines[topic.name] for value in topic.values)
        assert ("public" if topic.public else "internal") in lines[topic.name]
