"""What an operator can do to a store: one clear line, no loss, and on by itself when mended."""

from collections.abc import Callable

from tests.connectors.feeding import Written, eventually
from tests.connectors.processes import ConnectorProcess, Connectors

_TRIES = 6
"""So many more tries must leave the log as it is."""
_BREAKER_LINES = 2
"""That the breaker opens may be said at any time; and that it closes."""


class Mishap:
    """A connector between topics and a store to which something happens half-way."""

    def __init__(self, connectors: Connectors, records: list[Written]) -> None:
        self._connectors = connectors
        half = len(records) // 2
        self._records = records[:half], records[half:]

    def run(self, harm: Callable[[], None], mend: Callable[[], None], says: str) -> str:
        """Something that keeps the store from being written, until it is mended.

        Gives what the connector said of it: one line, once.
        """
        with self._connectors.start() as connector:
            self._go_half_way()
            harm()
            self._connectors.write(self._records[1])
            eventually(lambda: says in connector.health()[1]["store_error"], connector.log)
            said: str = connector.health()[1]["store_error"]
            lines = connector.log.count("\n")
            tried = connector.metric("store_errors_total")
            eventually(
                lambda: connector.metric("store_errors_total") >= tried + _TRIES, "it tries on"
            )
            assert connector.log.count("\n") - lines <= _BREAKER_LINES, connector.log
            assert connector.log.count(said) == 1, connector.log
            mend()
            self._end_well(connector)
        return said

    def pass_by(self, harm: Callable[[], None], says: str) -> None:
        """Something after which the connector helps itself, and says so."""
        with self._connectors.start() as connector:
            self._go_half_way()
            harm()
            self._connectors.write(self._records[1])
            eventually(lambda: says in connector.log, f"it says so: {connector.log}")
            self._end_well(connector)
        assert connector.log.count(says) == 1, connector.log

    def _go_half_way(self) -> None:
        self._connectors.write(self._records[0])
        # There may be something of it left to write.
        self._connectors.await_more(0, len(self._records[0]) * 3 // 4)

    def _end_well(self, connector: ConnectorProcess) -> None:
        self._connectors.await_end(connector)
        assert "Traceback" not in connector.log
        assert connector.terminate() == 0
        self._connectors.require_agreement()
