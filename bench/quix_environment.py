"""The environment that Quix Streams runs in: it wants an older confluent-kafka than TradeFlow."""

from collections.abc import Callable
from pathlib import Path

from bench.rival_environment import rival_python

ENVIRONMENT = Path(".venv-quix")
REQUIREMENTS = Path(__file__).with_name("requirements-quix.txt")


def quix_python(say: Callable[[str], None]) -> Path:
    """The Python of that environment, which is made here if it is not there."""
    return rival_python("Quix Streams", ENVIRONMENT, REQUIREMENTS, say)
