"""What every store and its connector live through; afterwards the store equals the reference.

Each store's file has a class that inherits these tests, and the fixtures ``server``, ``store`` and
``records``.  A campaign sets TRADEFLOW_KILLS and TRADEFLOW_GONE_SECONDS.
"""

import os
from pathlib import Path
from typing import Protocol

import pytest

from tests.connectors.feeding import Written, eventually
from tests.connectors.processes import Connectors, FedStore
from tests.fixtures.exchange_topics import ExchangeTopics

KILLS = int(os.environ.get("TRADEFLOW_KILLS", "3"))
GONE_SECONDS = float(os.environ.get("TRADEFLOW_GONE_SECONDS", "6"))
COMMANDS = max(900, 350 * KILLS)
"""Of clients: some ten records each."""

SURVIVAL = [pytest.mark.slow, pytest.mark.timeout(300 + 30 * KILLS + GONE_SECONDS)]
"""Marks of the files."""

_BACK = "the store is back after"
_BETWEEN_KILLS = 150
_GONE_LINES = 8
"""A store that is gone is this many lines at most, for however long."""


class Server(Protocol):
    """A store's server, which tests may kill."""

    def start(self) -> None:
        """Start it and return when it answers."""

    def kill(self) -> None:
        """End it as a crash would."""


class StoreSurvives:
    """The tests; they share a log, each has a store of its own."""

    @pytest.fixture
    def connectors(
        self, exchange_topics: ExchangeTopics, store: FedStore, tmp_path: Path
    ) -> Connectors:
        return Connectors(exchange_topics, store, tmp_path)

    def test_the_server_is_killed_under_load(
        self, connectors: Connectors, server: Server, records: list[Written]
    ) -> None:
        size = len(records) // (KILLS + 1) + 1
        parts = [records[first : first + size] for first in range(0, len(records), size)]
        _fill(connectors, parts[0])
        with connectors.start() as connector:
            stored = 0
            for part in parts[1:]:
                stored = connectors.await_more(stored, min(size // 3, _BETWEEN_KILLS))
                backs = connector.log.count(_BACK)
                server.kill()
                # There is more to write, however far it has come.
                connectors.write(part)
                eventually(lambda: connector.health()[1]["store"] == "down", "it is missed")
                server.start()
                eventually(
                    lambda seen=backs: connector.log.count(_BACK) > seen,  # type: ignore[misc]
                    f"it is back: {connector.log[-3_000:]}",
                )
            connectors.await_end(connector)
            assert "Traceback" not in connector.log
            assert connector.terminate() == 0

        assert connector.log.count(_BACK) >= KILLS
        connectors.require_agreement()

    def test_the_server_is_gone_for_long(
        self, connectors: Connectors, server: Server, records: list[Written]
    ) -> None:
        _fill(connectors, records)
        with connectors.start() as connector:
            connectors.await_more(0, _BETWEEN_KILLS)
            lines = connector.log.count("\n")
            server.kill()
            eventually(lambda: connector.health()[1]["breaker"] == "open", "it is open")
            eventually(
                lambda: connector.health()[1]["store_down_seconds"] >= GONE_SECONDS,
                "it is gone for long",
                seconds=GONE_SECONDS + 30,
            )
            status, health = connector.health()
            assert (status, health["store"], health["ready"]) == (200, "down", False)
            assert connector.health("/health/ready")[0] == 503
            assert connector.log.count("\n") - lines <= _GONE_LINES, connector.log
            server.start()
            connectors.await_end(connector)
            assert "Traceback" not in connector.log
            assert connector.terminate() == 0

        connectors.require_agreement()

    def test_the_connector_is_killed_and_its_offsets_are_reset(
        self, connectors: Connectors, records: list[Written]
    ) -> None:
        _fill(connectors, records)
        stored = 0
        for _ in range(KILLS):
            with connectors.start() as connector:
                stored = connectors.await_more(stored, _BETWEEN_KILLS)
                connector.kill()
        connectors.run_to_the_end()
        connectors.require_agreement()

        # The group's offsets are for tools only; the store's own positions count.
        connectors.reset_offsets()
        before = connectors.store.content()
        connectors.run_to_the_end()
        assert connectors.store.content() == before

    def test_a_process_that_was_stalled_and_replaced_harms_nothing(
        self, connectors: Connectors, records: list[Written]
    ) -> None:
        _fill(connectors, records)
        with connectors.start() as zombie:
            stored = connectors.await_more(0, _BETWEEN_KILLS)
            # Anywhere: with records in its memory, or in the middle of a transaction.
            zombie.stall()
            with connectors.start() as successor:
                connectors.await_more(stored, _BETWEEN_KILLS)
                connectors.await_stored()
                zombie.wake()
                eventually(
                    lambda: zombie.health()[1]["ready"] and successor.health()[1]["ready"],
                    "both read",
                )
                assert successor.terminate() == 0
            connectors.await_end(zombie)
            assert zombie.terminate() == 0

        connectors.require_agreement()

    def test_a_rebuild_gives_the_same(self, connectors: Connectors, records: list[Written]) -> None:
        _fill(connectors, records)
        with connectors.start() as connector:
            connectors.await_more(0, _BETWEEN_KILLS)
            assert connector.terminate() == 0
        connectors.store.damage()

        with connectors.start("--rebuild") as rebuild:
            assert rebuild.wait(120) == 0, rebuild.log

        assert f"{connectors.store.name} is rebuilt." in rebuild.log
        connectors.require_agreement()


def _fill(connectors: Connectors, records: list[Written]) -> None:
    """Write the log, unless a test before has done so."""
    if not any(connectors.topics.ends(connectors.store.topics).values()):
        connectors.write(records)
