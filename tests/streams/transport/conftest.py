"""Echo pipelines whose processes end with their test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.kafka import TestBroker
from tests.streams.transport.echo import Echo
from tests.streams.transport.gates import Gates

NewEcho = Callable[..., Echo]


@pytest.fixture
def new_echo(broker: TestBroker, unique: str, tmp_path: Path) -> Iterator[NewEcho]:
    """Makes echo pipelines; their options are TransportSettings' fields."""
    made: list[Echo] = []

    def make(*, bootstrap: str = broker.bootstrap, **options: Any) -> Echo:
        name = f"{unique}-{len(made)}"
        folder = tmp_path / name
        folder.mkdir()
        echo = Echo(bootstrap, name, folder, **options)
        made.append(echo)
        return echo

    yield make
    for echo in made:
        echo.end()


@pytest.fixture
def gates(tmp_path: Path) -> Gates:
    """The gates of this test's hooked workers, all closed."""
    folder = tmp_path / "gates"
    folder.mkdir()
    return Gates(folder)


@pytest.fixture
def echo(new_echo: NewEcho) -> Echo:
    """An echo pipeline with nothing special about it."""
    return new_echo()
